"""Chapter 1, question (a): up to which rank an adapter is smaller than the matrix it changes."""

from __future__ import annotations

import random

from lora_course.checks.answer import Answer
from lora_course.checks.question import Mistake, compare

FUNCTION = "largest_saving_rank"
LARGE = 5120  # a model's: no list of the usual ranks goes so far


def right(d_out: int, d_in: int) -> int:
    """The largest r with r·(d_out + d_in) < d_out·d_in."""
    return (d_out * d_in - 1) // (d_out + d_in)


MISTAKES = (
    Mistake(
        "as many is no saving",
        lambda d_out, d_in: d_out * d_in // (d_out + d_in),
        "At that rank adapter and matrix have equally many numbers: fewer are asked for.",
    ),
    Mistake(
        "the rank of W",
        min,
        "That is the largest rank that W itself can have: there B and A hold more than W.",
    ),
    Mistake(
        "the rank of W",
        lambda d_out, d_in: min(d_out, d_in) - 1,
        "One below the largest rank of W, B and A still hold more numbers than W.",
    ),
    Mistake(
        "one factor only",
        lambda d_out, d_in: d_in - 1,
        "That counts B alone, d_out·r. The adapter is both factors: add A's r·d_in.",
    ),
    Mistake(
        "one factor only",
        lambda d_out, d_in: d_out - 1,
        "That counts A alone, r·d_in. The adapter is both factors: add B's d_out·r.",
    ),
    Mistake(
        "square assumed",
        lambda d_out, d_in: (d_out - 1) // 2,
        "2·r·d is the count for a square matrix only. Here it is r·(d_out + d_in).",
    ),
    Mistake(
        "square assumed",
        lambda d_out, d_in: (d_in - 1) // 2,
        "2·r·d is the count for a square matrix only. Here it is r·(d_out + d_in).",
    ),
    Mistake(
        "the count at that rank",
        lambda d_out, d_in: right(d_out, d_in) * (d_out + d_in),
        "That is how many numbers the adapter has then: return the rank.",
    ),
    Mistake(
        "the first that does not save",
        lambda d_out, d_in: right(d_out, d_in) + 1,
        "That is the first rank that saves nothing: go one back.",
    ),
)


def check_square(answer: Answer, draws: random.Random) -> None:
    """Square matrices, where the even ones have a rank at which both are equally large."""
    dim = draws.choice((48, 320, 768, 1280))
    compare(answer, FUNCTION, [[dim, dim], [dim + 1, dim + 1], [LARGE, LARGE]], right, MISTAKES)


def check_rectangular(answer: Answer, draws: random.Random) -> None:
    """Either side the longer, and one pair for which d_out·d_in / (d_out + d_in) is whole."""
    d_out, d_in = draws.choice((96, 1000, 3072)), draws.choice((160, 2048, 4096))
    third = 3 * draws.randint(5, 40)
    cases = [[d_out, d_in], [d_in, d_out], [third, 2 * third]]
    compare(answer, FUNCTION, cases, right, MISTAKES)
