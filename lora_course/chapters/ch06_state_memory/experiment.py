"""What a training step holds, to the byte and moment by moment, and an optimizer's state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from lora_course.core.layers import trainable_parameters
from lora_course.memory.closed_form import estimate_model_memory
from lora_course.memory.meta import DTYPES
from lora_course.memory.optimizers import state_bytes, state_tensors, storage_bytes
from lora_course.memory.trace.peak import StorageLog
from lora_course.models.architectures import Decoder, model_shape
from lora_course.tasks.style import StyleShift

SHIPPED = Decoder(128, 384, 4, 4, 4, 1024, head_dim=32, tied=True)
"""The shape of the course's own model; a test compares."""

WEIGHTS, GRADIENTS, STATE, ELSE = "weights", "gradients", "optimizer state", "everything else"
PHASES = ("forward", "backward", "optimizer")


Maker = Callable[..., Any]
"""An optimizer's class: it takes parameters, and options."""


@dataclass(frozen=True)
class Held:
    """What a step has left: how much trains, and bytes by kind before gradients are cleared.

    `n` numbers train, in so many `tensors`; `frozen` weights are apart.
    """

    n: int
    tensors: int
    frozen: int
    weights: int
    gradients: int
    state: int

    @property
    def trained(self) -> int:
        """Bytes that training adds to the frozen weights: of what trains, all four numbers."""
        return self.weights + self.gradients + self.state

    @property
    def state_each(self) -> float:
        """Bytes of state for each number that trains."""
        return self.state / self.n


def tokens() -> Tensor:
    """The batch of every step here: 2 windows of 32 tokens of library code."""
    windows: Tensor = StyleShift().batches(seed=0, steps=1)(0).inputs[0]
    return windows[:2, :32]


def one_step(model: nn.Module, optimizer: Maker) -> Held:
    """A real step, forward, backward, optimizer; each storage then counted once."""
    trained = trainable_parameters(model)
    made, batch = optimizer(trained), tokens()
    model.zero_grad(set_to_none=True)
    model(input_ids=batch, labels=batch).loss.backward()
    made.step()
    return Held(
        sum(parameter.numel() for parameter in trained),
        len(trained),
        storage_bytes(p for p in model.parameters() if not p.requires_grad),
        storage_bytes(trained),
        storage_bytes(p.grad for p in trained if p.grad is not None),
        storage_bytes(state_tensors(made)),
    )


@dataclass(frozen=True)
class Timeline:
    """What steps hold after every tensor that came or went.

    `held`: kind -> bytes, one number a moment. `starts`: of each phase of each step, in order, the
    first moment; then the end. `n`: how many numbers train, in `trained_bytes`.
    """

    held: dict[str, list[int]]
    starts: tuple[int, ...]
    n: int
    trained_bytes: int

    @cached_property
    def total(self) -> list[int]:
        """Bytes at every moment."""
        return [sum(kinds) for kinds in zip(*self.held.values(), strict=True)]

    @property
    def peak(self) -> int:
        """The most bytes held at one moment."""
        return max(self.total)

    @property
    def state(self) -> int:
        """Bytes of optimizer state after the last step."""
        return self.held[STATE][-1]

    def most(self, phase: str, step: int) -> int:
        """The most bytes in a phase of a step, both steps counted from 1."""
        place = len(PHASES) * (step - 1) + PHASES.index(phase)
        start, end = self.starts[place : place + 2]
        return max(self.total[start - 1 : end])  # what is there as it begins counts, too

    def later(self, phase: str) -> int:
        """How many bytes more a phase holds at most in the second step than in the first."""
        return self.most(phase, 2) - self.most(phase, 1)

    def more(self, other: Timeline, phase: str) -> float:
        """How many bytes more than `other` a phase of the second step holds at most, a number
        that trains."""
        return (self.most(phase, 2) - other.most(phase, 2)) / self.n

    def at_peak(self) -> dict[str, int]:
        """Bytes by kind at the first moment that is fullest."""
        moment = self.total.index(self.peak)
        return {kind: sizes[moment] for kind, sizes in self.held.items()}

    @property
    def share_trained(self) -> float:
        """Of the peak, 0 to 1, what training adds: trained weights, their gradients and state."""
        fullest = self.at_peak()
        return (self.trained_bytes + fullest[GRADIENTS] + fullest[STATE]) / self.peak


def two_steps(
    model: nn.Module, optimizer: Maker, set_to_none: bool = True, **options: Any
) -> Timeline:
    """The first two steps of a training, watched: every storage from its making to its end.

    The optimizer is made anew with `options`. After each step gradients are set to None, or filled
    with zeros in place.
    """
    trained = trainable_parameters(model)
    made, batch = optimizer(trained, **options), tokens()
    model.zero_grad(set_to_none=True)
    log = StorageLog(lambda tensor: ELSE)
    log.hold(model.parameters(), WEIGHTS)
    log.hold([batch], ELSE)
    starts = []
    with log:
        for _ in range(2):
            starts.append(log.moment)
            loss = model(input_ids=batch, labels=batch).loss
            starts.append(log.moment)
            loss.backward()
            del loss
            log.hold([p.grad for p in trained if p.grad is not None], GRADIENTS)
            starts.append(log.moment)
            made.step()
            log.hold(state_tensors(made), STATE)
            made.zero_grad(set_to_none=set_to_none)
    n = sum(parameter.numel() for parameter in trained)
    return Timeline(log.timeline(), (*starts, log.moment), n, storage_bytes(trained))


def adapter(model: str | Decoder, rank: int, precision: str = "fp32") -> nn.ParameterList:
    """A and B of all linear layers of a model: shapes alone, without values."""
    shape, kind = model_shape(model), DTYPES[precision]
    made = []
    for _ in range(shape.layers):
        for d_out, d_in in shape.matrices().values():
            for size in ((rank, d_in), (d_out, rank)):
                made.append(nn.Parameter(torch.empty(size, dtype=kind, device="meta")))
    return nn.ParameterList(made)


def bytes_a_parameter(
    model: str | Decoder, rank: int, optimizer: str, precision: str = "fp32"
) -> dict[str, float]:
    """Bytes of weights, gradients and state for each number that an adapter trains.

    `optimizer`: one of `lora_course.memory.setting.OPTIMIZERS`; its library makes the state.
    """
    trained = adapter(model, rank, precision)
    count = sum(parameter.numel() for parameter in trained)
    each = DTYPES[precision].itemsize
    return {WEIGHTS: each, GRADIENTS: each, STATE: state_bytes(optimizer, trained) / count}


def saved_by_8_bits(model: str, rank: int, **setting: Any) -> float:
    """Of a step's peak, 0 to 1, what 8-bit AdamW saves; `setting`: see `estimate_model_memory`."""
    step = estimate_model_memory(model, rank, **setting)
    each = bytes_a_parameter(model, rank, "adamw")[STATE]
    less = each - bytes_a_parameter(model, rank, "adamw-8bit")[STATE]
    return less * step["lora_params"] / 1e6 / step["total_mb"]
