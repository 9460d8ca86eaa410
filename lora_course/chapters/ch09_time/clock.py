"""CPU time of training steps and forward passes: in turns, without a warm-up, with its spread."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor, nn

from lora_course.core.layers import trainable_parameters

T = TypeVar("T")

RATE = 1e-5  # nobody asks here what is learnt


@dataclass(frozen=True)
class Seconds:
    """CPU seconds of a step's three parts."""

    forward: float
    backward: float
    optimizer: float

    @property
    def total(self) -> float:
        """CPU seconds of the whole step."""
        return self.forward + self.backward + self.optimizer


def stepper(model: nn.Module) -> Callable[[Tensor], Seconds]:
    """A function that makes one training step on the tokens it is given, and says its times."""
    optimizer = torch.optim.AdamW(trainable_parameters(model.train()), lr=RATE, fused=True)
    clock = time.process_time

    def step(tokens: Tensor) -> Seconds:
        start = clock()
        loss = model(input_ids=tokens, labels=tokens).loss
        computed = clock()
        loss.backward()
        back = clock()
        optimizer.step()
        optimizer.zero_grad()
        return Seconds(computed - start, back - computed, clock() - back)

    return step


def forward_pass(model: nn.Module, tokens: Tensor) -> float:
    """CPU seconds of a forward pass without gradients, as when a model is used."""
    model.eval()
    with torch.no_grad():
        start = time.process_time()
        model(input_ids=tokens)
        return time.process_time() - start


def turns(
    measures: Mapping[str, Callable[[], T]], rounds: int, warm_up: int = 2
) -> dict[str, list[T]]:
    """What each of `measures` gave in each round, all in turns: a slow moment meets all alike.

    The first `warm_up` rounds, which fill caches and the optimizers' state, come on top and are
    left out. Which one is first changes from round to round.
    """
    names = list(measures)
    taken: dict[str, list[T]] = {name: [] for name in names}
    for number in range(warm_up + rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            one = measures[name]()
            if number >= warm_up:
                taken[name].append(one)
    return taken


def steps(
    models: Mapping[str, nn.Module], tokens: Tensor, rounds: int = 7
) -> dict[str, list[Seconds]]:
    """The times of each model's training steps, all models in turns on the same tokens."""
    return turns({name: partial(stepper(model), tokens) for name, model in models.items()}, rounds)


def forwards(
    models: Mapping[str, nn.Module], tokens: Tensor, rounds: int = 15
) -> dict[str, list[float]]:
    """The times of each model's forward passes, in turns."""
    passes = {name: partial(forward_pass, model, tokens) for name, model in models.items()}
    return turns(passes, rounds)


@dataclass(frozen=True)
class Spread:
    """The median of some numbers, and their quartiles."""

    low: float
    median: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} (half of the rounds: {self.low:.2f} to {self.high:.2f})"


def over_the_first(times: Mapping[str, Sequence[float]]) -> dict[str, Spread]:
    """Time ÷ that of the first name, round by round: its median and quartiles over the rounds."""
    first = next(iter(times.values()))
    spreads = {}
    for name, taken in times.items():
        ratios = [a / b for a, b in zip(taken, first, strict=True)]
        spreads[name] = Spread(*statistics.quantiles(ratios, n=4, method="inclusive"))
    return spreads


def ratios(seconds: Mapping[str, Sequence[Seconds]]) -> dict[str, Spread]:
    """Time of a step ÷ that of the first name."""
    return over_the_first({name: [one.total for one in taken] for name, taken in seconds.items()})


def table(seconds: Mapping[str, Sequence[Seconds]], tokens: int) -> str:
    """Milliseconds of a step's parts (medians over the rounds) and tokens a second, in lines."""
    lines = [f"{tokens} tokens, ms:".ljust(20) + "forward  backward  optimizer  tokens/s"]
    for name, taken in seconds.items():
        forward, backward, optimizer = (
            1e3 * statistics.median(getattr(one, part) for one in taken)
            for part in ("forward", "backward", "optimizer")
        )
        speed = tokens / statistics.median(one.total for one in taken)
        lines.append(f"{name:<20}{forward:7.1f}{backward:10.1f}{optimizer:11.1f}{speed:10,.0f}")
    return "\n".join(lines)


def lines(times: Mapping[str, Sequence[float]]) -> str:
    """Time ÷ that of the first name with its spread, a line a name."""
    return "\n".join(f"{name:<20}time × {of}" for name, of in over_the_first(times).items())
