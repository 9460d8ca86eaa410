"""Chapter 3, question (b): the alpha that keeps the first Adam step at another rank."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from lora_course.checks.answer import Answer
from lora_course.checks.question import Mistake, compare

FUNCTION = "alpha_for"
CLOSE = 1e-6  # also in fp32


def right(rank: int, old_rank: int, old_alpha: float, keep: str) -> float:
    """‖ΔW‖ goes with alpha/√r, so alpha with √r; the loss falls with alpha alone."""
    return old_alpha * math.sqrt(rank / old_rank) if keep == "size" else old_alpha


def _power(power: float) -> Callable[[int, int, float, str], float]:
    return lambda rank, old_rank, old_alpha, keep: old_alpha * (rank / old_rank) ** power


MISTAKES = (
    Mistake(
        "alpha with the rank",
        _power(1),
        "That is alpha = r's rule: alpha / r stays, and the step grows with the rank: as √r in"
        " size, as r in what it does to the loss.",
    ),
    Mistake(
        "upside down",
        _power(-0.5),
        "At a higher rank alpha has to be larger to keep the size.",
    ),
    Mistake(
        "upside down",
        _power(-1),
        "A higher rank divides by more already, alpha / r.",
    ),
    Mistake(
        "a fixed alpha",
        _power(0),
        "A fixed alpha keeps the fall of the loss. ‖ΔW‖ it does not keep: that goes as alpha/√r.",
    ),
    Mistake(
        "alpha with √rank",
        _power(0.5),
        "alpha with √r keeps the size. The fall of the loss goes as alpha/r times r directions.",
    ),
    Mistake(
        "the old rank left out",
        lambda rank, old_rank, old_alpha, keep: (
            old_alpha * math.sqrt(rank) if keep == "size" else old_alpha
        ),
        "Compare with the old rank: at the same rank alpha has to stay as it is.",
    ),
    Mistake(
        "alpha = rank",
        lambda rank, old_rank, old_alpha, keep: rank,
        "That is alpha = r, whatever alpha was before: compare with the old rank and its alpha.",
    ),
    Mistake(
        "the scaling, not alpha",
        lambda rank, old_rank, old_alpha, keep: right(rank, old_rank, old_alpha, keep) / rank,
        "That is the scaling alpha / r. Return alpha itself.",
    ),
)


def check(keep: str) -> Callable[[Answer, random.Random], None]:
    """A check of one kind, to higher ranks and to lower ones."""

    def run(answer: Answer, draws: random.Random) -> None:
        # At twice the rank √2 comes in: no rounded alpha is near enough.
        pairs = ((64, 4), (draws.choice((32, 128)), 8), (4, draws.choice((16, 64))), (16, 8))
        alphas = draws.sample((8.0, 12.0, 16.0, 20.0), len(pairs))
        cases = [[*pair, alpha, keep] for pair, alpha in zip(pairs, alphas, strict=True)]
        compare(answer, FUNCTION, cases, right, MISTAKES, CLOSE)

    return run
