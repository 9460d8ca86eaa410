"""Chapter 4, question (e): the sweep is called, and what the probe tells of it is read."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any

from lora_course.chapters.ch04_rank_selection.sweep_probe import planted_loss
from lora_course.checks.answer import Answer, AnswerError
from lora_course.checks.plain import show
from lora_course.checks.question import WrongAnswerError

FUNCTION = "sweep"


@dataclass(frozen=True)
class Sweep:
    """What was asked, and what the probe tells of it."""

    ranks: list[int]
    rates: list[float]
    seeds: list[int]
    best: list[float]
    returned: Any
    runs: int
    tried: list[float]
    endless: bool
    adapters: list[dict[str, list[float]]]

    def wrong(self, message: str, got: str, expected: str, mistake: str) -> WrongAnswerError:
        """The error to raise for this call."""
        called = f"{FUNCTION}(train, ranks={self.ranks}, rates={self.rates}, seeds={self.seeds})"
        return WrongAnswerError(message, called, got, expected, mistake)

    def loss(self, rank: int, rate: float, seed: int) -> float:
        """What `train` gives for that run."""
        return planted_loss(self.best[self.ranks.index(rank)], rank, rate, seed)


Case = tuple[int, ...]
"""Where each rank does best, in doublings from the middle one of the three rates."""
INSIDE: Case = (0, 0, 0)
ABOVE: Case = (3, 1, 0)
BELOW: Case = (0, -1, -3)
BOTH: Case = (2, 0, -2)


def asked(answer: Answer, draws: random.Random, case: Case) -> Sweep:
    """Call the answer with fresh ranks, rates and seeds; what it did, checked for its form."""
    start = draws.choice((2, 4))
    ranks = [start, 4 * start, 16 * start]
    middle = draws.choice((0.002, 0.003, 0.004, 0.005, 0.006))
    rates = [middle / 2, middle, 2 * middle]
    # One even and one odd: alone each would choose another rate than their mean.
    seeds = [2 * draws.randrange(500), 2 * draws.randrange(500) + 1]
    draws.shuffle(seeds)
    best = [middle * 2.0**place for place in case]
    told = answer.call(ranks, rates, seeds, best, case == INSIDE)
    if not _is_report(told):
        raise AnswerError(f"was not called as it is: {show(told)}")
    seen = Sweep(ranks, rates, seeds, best, **told)
    if not seen.runs:
        raise seen.wrong(
            "Nothing was trained: each run is one call of train(config, learning_rate, seed).",
            show(seen.returned),
            "a run for every rank, rate and seed",
            "train never called",
        )
    return seen


def _is_report(told: Any) -> bool:
    """Whether what the probe tells has its form: it was written beside the learner's code."""
    keys = {"returned", "runs", "tried", "endless", "adapters"}
    return (
        type(told) is dict
        and set(told) == keys
        and type(told["runs"]) is int
        and (told["runs"] == 0 or _is_pair(told["tried"]))
        and type(told["endless"]) is bool
        and type(told["adapters"]) is list
        and all(
            type(adapter) is dict
            and all(type(name) is str and _is_pair(pair) for name, pair in adapter.items())
            for adapter in told["adapters"]
        )
    )


def _is_pair(pair: Any) -> bool:
    """Two numbers above 0: a rank and a scaling, or two rates."""
    return (
        type(pair) is list
        and len(pair) == 2
        and all(type(number) in (int, float) and 0 < number < math.inf for number in pair)
    )
