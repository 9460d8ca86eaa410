"""Chapter 9, question (b): the largest rank at which LoRA's step takes fewer FLOPs."""

from __future__ import annotations

import random
from collections.abc import Callable

from lora_course.checks.answer import Answer
from lora_course.checks.question import Mistake, compare

FUNCTION = "largest_cheaper_rank"


def right(d_out: int, d_in: int) -> int:
    """6Tr(d_out + d_in) < 2T·d_out·d_in, so r is below a third of their product over their sum."""
    return (d_out * d_in - 1) // (3 * (d_out + d_in))


def _whole(below: Callable[[int, int], tuple[int, int]]) -> Callable[[int, int], int]:
    """The largest whole number below a fraction (numerator, denominator) of the two sizes."""

    def rank(d_out: int, d_in: int) -> int:
        over, under = below(d_out, d_in)
        return (over - 1) // under

    return rank


MISTAKES = (
    Mistake(
        "break-even itself",
        lambda d_out, d_in: d_out * d_in // (3 * (d_out + d_in)),
        "Where break-even is a whole rank, LoRA takes as many FLOPs there, not fewer.",
    ),
    Mistake(
        "rounded up",
        lambda d_out, d_in: -(-d_out * d_in // (3 * (d_out + d_in))),
        "Above break-even LoRA takes more: round down.",
    ),
    Mistake(
        "numbers compared, not FLOPs",
        _whole(lambda d_out, d_in: (d_out * d_in, d_out + d_in)),
        "That is where n < N. The adapter takes three products, and freezing spares one: n < N/3.",
    ),
    Mistake(
        "a sixth of the width",
        _whole(lambda d_out, d_in: (d_out, 6)),
        "d/6 holds for square matrices alone. Put r·(d_out + d_in) for n.",
    ),
    Mistake(
        "a sixth of the smaller side",
        _whole(lambda d_out, d_in: (min(d_out, d_in), 6)),
        "d/6 holds for square matrices alone. Put r·(d_out + d_in) for n.",
    ),
    Mistake(
        "half the smaller side",
        lambda d_out, d_in: min(d_out, d_in) // 2,
        "Count: 6·T·n against the 2·T·N that the frozen matrix spares.",
    ),
    Mistake(
        "the input gradients forgotten",
        _whole(lambda d_out, d_in: (2 * d_out * d_in, 3 * (d_out + d_in))),
        "The frozen matrix takes 4·T·N, for the layer below needs its input gradients: only 2·T·N"
        " is spared.",
    ),
)


def check(answer: Answer, draws: random.Random) -> None:
    """Wide, tall and square matrices; in two of them break-even is a whole rank."""
    cases = []
    for _ in range(2):
        cases.append([draws.randint(40, 90), draws.randint(200, 900)])
        cases.append([draws.randint(200, 900), draws.randint(40, 90)])
    side = 6 * draws.randint(10, 60)
    half = 9 * draws.randint(4, 30)
    cases += [[side, side], [half, 2 * half], [side + 1, side + 1]]
    compare(answer, FUNCTION, cases, right, MISTAKES)
