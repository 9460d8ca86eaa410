"""Chapter 1, question (b): what wrong layers give out, and wrong merges, each with its advice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lora_course.checks.question import Mistake

Factor = Callable[[float, int], float]


def _mistake(name: str, message: str, base: float, bias: float, factor: Factor) -> Mistake:
    """A wrong output: base·xWᵀ + bias·b + factor(alpha, rank)·xAᵀBᵀ."""

    def wrong(
        _: str, weight: Any, shift: Any, rank: int, alpha: float, a: Any, b: Any, x: Any
    ) -> Any:
        kept = 0 if shift is None else bias * shift
        return base * (x @ weight.T) + kept + factor(alpha, rank) * (x @ a.T @ b.T)

    return Mistake(name, wrong, message)


FACTORS = (
    ("scaling forgotten", lambda alpha, rank: 1.0, "Multiply B·A by alpha / rank."),
    (
        "alpha without the rank",
        lambda alpha, rank: alpha,
        "That multiplies B·A by alpha: divide it by the rank.",
    ),
    (
        "rank / alpha",
        lambda alpha, rank: rank / alpha,
        "Upside down: the factor is alpha / rank.",
    ),
    (
        "alpha / √rank",
        lambda alpha, rank: alpha / rank**0.5,
        "That is rsLoRA's factor, of which chapter 3 tells. Here it is alpha / rank.",
    ),
    (
        "alpha // rank",
        lambda alpha, rank: alpha // rank,
        "// drops what is left over when alpha is divided by the rank: write alpha / rank.",
    ),
    (
        "divided by the rank only",
        lambda alpha, rank: 1 / rank,
        "B·A is divided by the rank, but not multiplied by alpha.",
    ),
)


def _scaled(alpha: float, rank: int) -> float:
    return alpha / rank


OUTPUTS = (
    *(_mistake(name, message, 1, 1, factor) for name, factor, message in FACTORS),
    _mistake("no update", "That is the base alone: add the update.", 1, 1, lambda alpha, rank: 0),
    _mistake("no base", "That is the update alone: add self.base(x).", 0, 0, _scaled),
    _mistake(
        "bias left out",
        "The base's bias is missing: call self.base(x), which adds it.",
        1,
        0,
        _scaled,
    ),
    Mistake(
        "the base scaled too",
        lambda _, weight, shift, rank, alpha, a, b, x: (
            alpha / rank * (x @ weight.T + (0 if shift is None else shift) + x @ a.T @ b.T)
        ),
        "alpha / rank multiplies the update alone, not the base's output.",
    ),
)


def _weight(name: str, message: str, base: float, factor: Factor) -> Mistake:
    """A wrong merged weight: base·W + factor(alpha, rank)·BA."""
    return Mistake(
        name,
        lambda _, weight, shift, rank, alpha, a, b, x: (
            base * weight + factor(alpha, rank) * (b @ a)
        ),
        message,
    )


MERGED = (
    *(_weight(name, message, 1, factor) for name, factor, message in FACTORS),
    _weight("no base", "That is ΔW alone: the merged weight is W + ΔW.", 0, _scaled),
    _weight("no update", "That is W: the merged weight is W + ΔW.", 1, lambda alpha, rank: 0),
    _weight(
        "the base was changed",
        "Called again, it adds ΔW again: leave self.base as it is and return a new matrix.",
        1,
        lambda alpha, rank: 2 * alpha / rank,
    ),
    _weight("subtracted", "The update is added: W + ΔW.", 1, lambda a, r: -a / r),
)
