"""Chapter 1, question (c): how many directions hold a share of an update."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from lora_course.checks.answer import Answer, AnswerError
from lora_course.checks.plain import is_tensor
from lora_course.checks.question import Mistake, compare

FUNCTION = "rank_for_energy"
Values = Sequence[float]


def _first(sizes: Values, share: float) -> int:
    """The fewest leading `sizes` whose sum is at least `share` of all."""
    total = sum(sizes)
    reached = (sum_ >= share * total for sum_ in itertools.accumulate(sizes))
    return next((count for count, there in enumerate(reached, start=1) if there), len(sizes))


def right(values: Values, share: float = 0.9) -> int:
    """The smallest r with σ_1² + … + σ_r² ≥ share · Σ σ_i²."""
    return _first([value**2 for value in values], share)


MISTAKES = (
    Mistake(
        "singular values not squared",
        lambda values, share=0.9: _first(values, share),
        "Energy is ‖ΔW‖² = Σ σ². Square the singular values before you add them up.",
    ),
    Mistake(
        "counted from 0",
        lambda values, share=0.9: right(values, share) - 1,
        "That is the place of the last direction, counted from 0. How many are there up to it?",
    ),
    Mistake(
        "one too many",
        lambda values, share=0.9: right(values, share) + 1,
        "One fewer holds the share already.",
    ),
    Mistake(
        "compared with the largest",
        lambda values, share=0.9: sum(value >= share * values[0] for value in values),
        "That counts values near the largest. Add up the squares, from the first on, until"
        " their sum reaches the share of all.",
    ),
    Mistake(
        "compared with the largest",
        lambda values, share=0.9: sum(value >= (1 - share) * values[0] for value in values),
        "That counts values above a threshold. Add up the squares, from the first on, until"
        " their sum reaches the share of all.",
    ),
    Mistake(
        "a share of the directions",
        lambda values, share=0.9: round(share * len(values)),
        "That is a share of the number of directions. What counts is how much they hold.",
    ),
    Mistake(
        "the share held, not the rank",
        lambda values, share=0.9: (
            sum(value**2 for value in values[: right(values, share)])
            / sum(value**2 for value in values)
        ),
        "That is what these directions hold. Return how many there are.",
    ),
    Mistake(
        "the norm, not its square",
        lambda values, share=0.9: _first([value**2 for value in values], share**2),
        "That asks for a share of ‖ΔW‖. The energy is ‖ΔW‖², the sum of the squares itself.",
    ),
    Mistake(
        "the share fixed at 0.9",
        lambda values, share=0.9: right(values, 0.9),
        "0.9 is only the default: use the share that is passed in.",
    ),
    Mistake(
        "more than the share",
        lambda values, share=0.9: _first([value**2 for value in values], math.nextafter(share, 1)),
        "One fewer holds exactly the share, and at least the share is asked: compare with >=.",
    ),
)
NEAR = [6.0, 6.0, 5.0, 3.0, 2.0, 1.0]  # two are largest
# The first of these holds a quarter of the energy, exactly: the squares' sum is 256, the norm 16,
# so that an answer by way of the norm meets the tie, too.
EXACT, QUARTER = [8.0, 7.0, 7.0, 7.0, 6.0, 2.0, 2.0, 1.0], 0.25


def check(shares: Sequence[float | None]) -> Callable[[Answer, random.Random], None]:
    """A check on several falling spectra, with each of `shares`, or the default where None.

    Where shares are given, one spectrum more holds a share exactly, a little less than one, and
    takes all its directions for the whole.
    """

    def run(answer: Answer, draws: random.Random) -> None:
        cases: list[list[object]] = []
        for power, share in itertools.product((0.4, 0.7, 1.1), shares):
            values = _spectrum(draws, power)
            cases.append([values, share] if share else [values])
        if None in shares:
            cases.append([NEAR])
        else:
            cases += [[EXACT, QUARTER], [EXACT, QUARTER + 2**-11]]
        compare(_GivenTensors(answer), _call, cases, right, MISTAKES)
        if None not in shares:  # all of them: the last one counts, too
            compare(_GivenTensors(answer), _call, [[EXACT, 1.0]], right)

    return run


class _GivenTensors:
    """An answer that gets singular values as the chapter's own function returns them, a tensor.

    Where no number comes of that, it gets a list: both are what one may have written it for.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def seconds(self) -> float:
        """Wall time of the last call."""
        return self._answer.seconds()

    def call(self, values: Values, *share: float) -> Any:
        """Call the answer."""
        import torch

        try:
            value = self._answer.call(torch.tensor(values, dtype=torch.float64), *share)
        except AnswerError:
            return self._answer.call(values, *share)
        if not is_tensor(value):
            return value
        with suppress(AnswerError):  # what adds up 0 and 1 gives a tensor for a tensor
            value = self._answer.call(values, *share)
        return value


def _call(values: Values, *share: float) -> str:
    """What is shown as the call."""
    return f"{FUNCTION}(torch.tensor({values}){''.join(f', {one}' for one in share)})"


def _spectrum(draws: random.Random, power: float) -> list[float]:
    """Falling values, drawn such that all the mistakes above give another count."""
    size = draws.randint(12, 18)
    values = (draws.uniform(0.9, 1.1) * (place + 1) ** -power for place in range(size))
    return sorted((round(value, 3) for value in values), reverse=True)
