"""Chapter 9, question (a): the FLOPs of a step, in full and with LoRA."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from lora_course.checks.answer import Answer
from lora_course.checks.question import Mistake, compare

FUNCTION = "step_flops"
CLOSE = 1e-6  # also in fp32
Shapes = list[list[int]]


def right(shapes: Shapes, tokens: int, rank: int) -> dict[str, float]:
    """6TN in full; 4TN + 6Tn with LoRA, summed over the matrices."""
    return _counts(6, 4, 6)(shapes, tokens, rank)


def _counts(
    full: float, frozen: float, adapter: float, small: Callable[[int, int, int], int] | None = None
) -> Callable[[Shapes, int, int], dict[str, float]]:
    """FLOPs a token and number: of the base when trained, when frozen, and of the adapter.

    `small`: how many numbers an adapter of (d_out, d_in, rank) has.
    """
    numbers = small or (lambda d_out, d_in, rank: rank * (d_out + d_in))

    def flops(shapes: Shapes, tokens: int, rank: int) -> dict[str, float]:
        weights = sum(d_out * d_in for d_out, d_in in shapes)
        trained = sum(numbers(d_out, d_in, rank) for d_out, d_in in shapes)
        return {
            "full": float(full * tokens * weights),
            "lora": float(tokens * (frozen * weights + adapter * trained)),
        }

    return flops


def _one_matrix(shapes: Shapes, tokens: int, rank: int) -> dict[str, float]:
    return right(shapes[:1], tokens, rank)


def _one_token(shapes: Shapes, tokens: int, rank: int) -> dict[str, float]:
    return right(shapes, 1, rank)


BOTH = (
    Mistake(
        "a multiplication and an addition as one",
        _counts(3, 2, 3),
        "Each weight takes a multiplication and an addition a token: two FLOPs.",
    ),
    Mistake(
        "the forward pass alone",
        _counts(2, 2, 2),
        "A step goes backward, too: there come the input gradients, and the weight gradients of"
        " what trains.",
    ),
    Mistake("one matrix", _one_matrix, "Those are the first matrix's: add up all of `shapes`."),
    Mistake("one token", _one_token, "Those are one token's FLOPs: a step has `tokens` of them."),
)
FULL = (
    *BOTH,
    Mistake(
        "the backward pass as one product",
        _counts(4, 4, 6),
        "The backward pass takes two products: input gradients and weight gradients.",
    ),
)
LORA = (
    *BOTH,
    Mistake(
        "the adapter forgotten",
        _counts(6, 4, 0),
        "That is the frozen matrix alone, 2/3 of full tuning. A and B take FLOPs, too.",
    ),
    Mistake(
        "the frozen weights' gradients kept",
        _counts(6, 6, 6),
        "A frozen matrix needs no weight gradients: two products are left of its three.",
    ),
    Mistake(
        "the adapter's forward pass alone",
        _counts(6, 4, 2),
        "A and B go backward, too: they train, so all three products are theirs.",
    ),
    Mistake(
        "the adapter as if frozen",
        _counts(6, 4, 4),
        "A and B train: they need weight gradients as well, 6 FLOPs a token and number.",
    ),
    Mistake(
        "nothing goes back through the frozen weights",
        _counts(6, 2, 6),
        "The layers below need their input gradients, and these go through the frozen matrix.",
    ),
    Mistake(
        "the adapter's numbers by the product",
        _counts(6, 4, 6, lambda d_out, d_in, rank: rank * d_out * d_in),
        "B has d_out·r numbers and A has r·d_in: together r·(d_out + d_in).",
    ),
)


def check(entry: str) -> Callable[[Answer, random.Random], None]:
    """A check of one entry of the answer, over several matrices of other shapes."""
    mistakes = FULL if entry == "full" else LORA

    def run(answer: Answer, draws: random.Random) -> None:
        compare(answer, FUNCTION, _cases(draws), right, mistakes, CLOSE, keys=(entry,))

    return run


def _cases(draws: random.Random) -> list[list[Any]]:
    """One to three matrices, of different widths, and a few ranks."""
    cases = []
    for count in (1, 2, 3):
        shapes = [[8 * draws.randint(2, 40), 8 * draws.randint(2, 40)] for _ in range(count)]
        cases.append([shapes, draws.randint(2, 500), draws.randint(2, 9)])
    return cases
