"""What a training step holds, to the byte and moment by moment, and an optimizer's state."""

from __future__ import annotations

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

SHIPPED = Decoder(128, 384, 4, 4, 4, 1024, head_dim=32, tied=True)
"""The shape of the course's own model; a test compares."""

WEIGHTS, GRADIENTS, STATE, ELSE = "weights", "gradients", "optimizer state", "everything else"
PHASES = ("forward", "backward", "optimizer")


@dataclass(frozen=True)
class Held:
    """Bytes by kind between a step and `zero_grad`; of the weights, what is frozen apart."""

    frozen: int
    weights: int
    gradients: int
    state: int

    @property
    def trained(self) -> int:
        """Bytes that training adds to the frozen weights: of what trains, all four numbers."""
        return self.weights + self.gradients + self.state


def held(model: nn.Module, optimizer: Any) -> Held:
    """What model and optimizer hold now, each storage counted once."""
    trained = trainable_parameters(model)
    return Held(
        storage_bytes(p for p in model.parameters() if not p.requires_grad),
        storage_bytes(trained),
        storage_bytes(p.grad for p in trained if p.grad is not None),
        storage_bytes(state_tensors(optimizer)),
    )


@dataclass(frozen=True)
class Timeline:
    """What steps hold after every tensor that came or went.

    `held`: kind -> bytes, one number a moment. `starts`: of each phase of each step, in order, the
    first moment; then the end. `trained`: how many numbers train, and `trained_bytes` their size.
    """

    held: dict[str, list[int]]
    starts: tuple[int, ...]
    trained: int
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

    def before_backward(self, step: int) -> int:
        """Bytes between the forward pass of a step and its backward pass."""
        return self.total[self.starts[len(PHASES) * (step - 1) + 1] - 1]

    def at_peak(self) -> dict[str, int]:
        """Bytes by kind at the first moment that is fullest."""
        moment = self.total.index(self.peak)
        return {kind: sizes[moment] for kind, sizes in self.held.items()}

    @property
    def share_trained(self) -> float:
        """Of the peak, 0 to 1, what training adds: trained weights, their gradients and state."""
        fullest = self.at_peak()
        return (self.trained_bytes + fullest[GRADIENTS] + fullest[STATE]) / self.peak


def timeline(
    model: nn.Module, optimizer: Any, tokens: Tensor, steps: int = 2, set_to_none: bool = True
) -> Timeline:
    """Real training steps from the first on, watched: every storage from its making to its end.

    `tokens`: (sequences, length), the same in each step. Afterwards gradients are set to None, or
    filled with zeros in place.
    """
    trained = trainable_parameters(model)
    log = StorageLog(lambda tensor: ELSE)
    log.hold(model.parameters(), WEIGHTS)
    log.hold([tokens], ELSE)
    starts = []
    with log:
        for _ in range(steps):
            starts.append(log.moment)
            loss = model(input_ids=tokens, labels=tokens).loss
            starts.append(log.moment)
            loss.backward()
            del loss
            log.hold([p.grad for p in trained if p.grad is not None], GRADIENTS)
            starts.append(log.moment)
            optimizer.step()
            log.hold(state_tensors(optimizer), STATE)
            optimizer.zero_grad(set_to_none=set_to_none)
    count = sum(parameter.numel() for parameter in trained)
    return Timeline(log.timeline(), (*starts, log.moment), count, storage_bytes(trained))


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
