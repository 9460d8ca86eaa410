"""Chapter 3, question (a): another alpha, the same path."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from lora_course.checks.answer import Answer
from lora_course.checks.question import Mistake, compare

FUNCTION = "same_path"
CLOSE = 1e-6  # also in fp32
KEYS = ("learning_rate", "spread")


def right(
    optimizer: str, alpha: float, learning_rate: float, spread: float, new_alpha: float
) -> dict[str, float]:
    """c = new alpha / alpha: SGD's rate goes with 1/c, Adam's with 1/√c, A's start with 1/√c."""
    return _powers(1 if optimizer == "SGD" else 0.5, 0.5)(
        optimizer, alpha, learning_rate, spread, new_alpha
    )


def _powers(rate: float, start: float) -> Callable[..., dict[str, float]]:
    """The rate divided by c^rate and the start by c^start."""

    def settings(
        _: str, alpha: float, learning_rate: float, spread: float, new_alpha: float
    ) -> dict[str, float]:
        c = new_alpha / alpha
        return {"learning_rate": learning_rate / c**rate, "spread": spread / c**start}

    return settings


def _both(sgd: Any, adam: Any) -> Callable[..., dict[str, float]]:
    """One function for each optimizer."""

    def settings(optimizer: str, *rest: float) -> Any:
        return (sgd if optimizer == "SGD" else adam)(optimizer, *rest)

    return settings


MISTAKES = (
    Mistake(
        "the start left as it was",
        _both(_powers(1, 0), _powers(0.5, 0)),
        "A's start belongs to the path: with √s A in mind, a larger alpha wants a smaller spread.",
    ),
    Mistake(
        "only alpha's change undone",
        _both(_powers(1, 0), _powers(1, 0)),
        "alpha times c, rate divided by c: near at first, but A, which starts at its old size,"
        " then moves too little. The start has to change as well.",
    ),
    Mistake(
        "nothing changed",
        _powers(0, 0),
        "With another alpha every step of ΔW is another, unless rate and start make up for it.",
    ),
    Mistake(
        "SGD's rule for Adam",
        _powers(1, 0.5),
        "Adam divides by the size of the gradient, so the factor s in it drops out: its rate goes"
        " with 1/√c, not 1/c.",
    ),
    Mistake(
        "Adam's rule for SGD",
        _powers(0.5, 0.5),
        "SGD's step carries the gradient's own factor s as well: its rate goes with 1/c.",
    ),
    Mistake(
        "upside down",
        _both(_powers(-1, -0.5), _powers(-0.5, -0.5)),
        "A larger alpha wants a smaller rate and a smaller start.",
    ),
    Mistake(
        "the start by c, not √c",
        _both(_powers(1, 1), _powers(0.5, 1)),
        "s is shared out between A and B, √s each: the start goes with 1/√c.",
    ),
    Mistake(
        "everything by c",
        _powers(1, 1),
        "That divides rate and start by c. Share s out between A and B, √s each.",
    ),
)


def check(optimizer: str) -> Callable[[Answer, random.Random], None]:
    """A check with one optimizer: alpha made larger, and made smaller."""

    def run(answer: Answer, draws: random.Random) -> None:
        cases = []
        for factor in (4, draws.choice((9, 16)), 0.25):
            alpha, rate = draws.choice((8.0, 16.0, 32.0)), draws.choice((0.001, 0.002, 0.01))
            cases.append([optimizer, alpha, rate, draws.choice((0.1, 0.5, 1.0)), alpha * factor])
        compare(answer, FUNCTION, cases, right, MISTAKES, CLOSE, keys=KEYS)

    return run
