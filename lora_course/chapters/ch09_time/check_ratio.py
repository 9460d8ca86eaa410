"""Chapter 9, question (c): how many times as long one thing takes as another."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable

from lora_course.checks.answer import Answer
from lora_course.checks.question import Mistake, compare

FUNCTION = "time_ratio"
CLOSE = 1e-6  # also in fp32
Times = list[float]


def right(a: Times, b: Times, warm_up: int) -> float:
    """The median of the ratios of all rounds after the warm-up."""
    return statistics.median(_ratios(a[warm_up:], b[warm_up:]))


def _ratios(a: Times, b: Times) -> Times:
    return [above / below for above, below in zip(a, b, strict=True)]


def _of_all(measure: Callable[[Times], float]) -> Callable[[Times, Times, int], float]:
    """One number for each of the two after the warm-up, and then their ratio."""
    return lambda a, b, warm_up: measure(a[warm_up:]) / measure(b[warm_up:])


MISTAKES = (
    Mistake(
        "upside down",
        lambda a, b, warm_up: statistics.median(_ratios(b[warm_up:], a[warm_up:])),
        "That is how many times as long b takes as a.",
    ),
    Mistake(
        "the ratio of medians",
        _of_all(statistics.median),
        "Those two medians may be from different rounds, a slow one and a quick one. Divide"
        " in each round first.",
    ),
    Mistake(
        "the ratio of means",
        _of_all(statistics.fmean),
        "One slow round moves a mean far. Divide in each round, then take the median.",
    ),
    Mistake(
        "the ratio of the quickest rounds",
        _of_all(min),
        "The quickest rounds of the two need not be the same one. Divide in each round first.",
    ),
    Mistake(
        "the mean of ratios",
        lambda a, b, warm_up: statistics.fmean(_ratios(a[warm_up:], b[warm_up:])),
        "One slow round moves a mean far: take the median of the ratios.",
    ),
    Mistake(
        "the rounds sorted",
        lambda a, b, warm_up: statistics.median(_ratios(sorted(a[warm_up:]), sorted(b[warm_up:]))),
        "Sorted, the lists no longer go round by round. Divide first.",
    ),
)
WARM_UP = (
    Mistake(
        "the warm-up kept",
        lambda a, b, warm_up: statistics.median(_ratios(a, b)),
        "The first warm_up rounds are in it: leave them out.",
    ),
    Mistake(
        "one round left out",
        lambda a, b, warm_up: right(a, b, 1),
        "Leave out the first warm_up rounds, however many these are.",
    ),
    Mistake(
        "the last rounds left out",
        lambda a, b, warm_up: right(a[: len(a) - warm_up], b[: len(b) - warm_up], 0),
        "The warm-up is at the start of the lists.",
    ),
    Mistake(
        "the warm-up alone",
        lambda a, b, warm_up: statistics.median(_ratios(a[:warm_up], b[:warm_up])),
        "Those are the rounds of the warm-up: take the others.",
    ),
    *MISTAKES,
)


def check_median(answer: Answer, draws: random.Random) -> None:
    """No warm-up: odd and even numbers of rounds."""
    cases = [[*_times(draws, rounds), 0] for rounds in (7, 8, 5)]
    compare(answer, FUNCTION, cases, right, MISTAKES, CLOSE)


def check_warm_up(answer: Answer, draws: random.Random) -> None:
    """The first rounds are slow, for one of the two far slower."""
    cases = []
    for warm_up, rounds in ((2, 7), (3, 8), (4, 6)):
        a, b = _times(draws, rounds)
        slow = draws.uniform(2, 4)
        first = _times(draws, warm_up)
        cases.append(
            [
                [round(slow * 3 * t, 4) for t in first[0]] + a,
                [round(slow * t, 4) for t in first[1]] + b,
                warm_up,
            ]
        )
    compare(answer, FUNCTION, cases, right, WARM_UP, CLOSE)


def _times(draws: random.Random, rounds: int) -> tuple[Times, Times]:
    """Two lists of seconds whose rounds are slow or quick together, one round by far."""
    pace = [draws.uniform(0.02, 0.06) for _ in range(rounds)]
    pace[draws.randrange(rounds)] *= 5
    ratio = draws.choice((0.6, 0.8, 1.3, 1.6))
    a = [round(ratio * p * draws.uniform(0.8, 1.25), 4) for p in pace]
    return a, [round(p * draws.uniform(0.8, 1.25), 4) for p in pace]
