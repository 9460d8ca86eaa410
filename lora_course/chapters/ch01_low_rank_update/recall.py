"""What later chapters ask again of this one."""

from __future__ import annotations

import random

from lora_course.checks.question import Mistake
from lora_course.checks.recall import Recall

SLOWER, SAME, FASTER = "slower than the base", "as fast as the base", "faster than the base"


def _matrix(draws: random.Random) -> tuple[int, int, int]:
    d_out, d_in = draws.sample((64, 96, 128, 160, 256), 2)
    return d_out, d_in, draws.choice((2, 4, 8))


def _scale(draws: random.Random) -> tuple[int, int]:
    rank = draws.choice((4, 8, 16))
    return rank * draws.choice((2, 3, 4)), rank


def _values(draws: random.Random) -> tuple[int, int, int]:
    first, second, third = sorted(draws.sample(range(1, 7), 3), reverse=True)
    return first, second, third


RECALL = (
    Recall(
        name="count",
        text="A frozen matrix of {0} × {1} gets an adapter of rank {2}. How many numbers train?",
        draw=_matrix,
        right=lambda d_out, d_in, rank: rank * (d_out + d_in),
        because="B is {0} × {2}, A is {2} × {1}: r·(d_out + d_in).",
        mistakes=(
            Mistake("B alone", lambda d_out, d_in, rank: rank * d_out, "That is B alone."),
            Mistake("A alone", lambda d_out, d_in, rank: rank * d_in, "That is A alone."),
            Mistake("W", lambda d_out, d_in, rank: d_out * d_in, "That is W, which is frozen."),
        ),
    ),
    Recall(
        name="rank",
        text="B is {0} × {2} and A is {2} × {1}. How many singular values of BA can be above 0?",
        draw=_matrix,
        right=lambda d_out, d_in, rank: rank,
        because="BA moves the output in at most r directions, whatever the size of W.",
        mistakes=(Mistake("of W", lambda d_out, d_in, rank: min(d_out, d_in), "So many W has."),),
    ),
    Recall(
        name="scale",
        text="alpha is {0}, the rank is {1}. By which number is BA multiplied?",
        draw=_scale,
        right=lambda alpha, rank: float(alpha / rank),
        because="The update is alpha/r · BA.",
        mistakes=(Mistake("alpha", lambda alpha, rank: float(alpha), "Divide alpha by the rank."),),
    ),
    Recall(
        name="merged",
        text="An adapter has been merged into W. How fast does the model answer now?",
        draw=lambda draws: (),
        right=lambda: SAME,
        because="W + alpha/r · BA is one matrix of the same size: it costs nothing extra.",
        choices=(SLOWER, SAME, FASTER),
    ),
    Recall(
        name="energy",
        text="An update has the singular values {0}, {1} and {2}. Which share of its energy does"
        " the first direction hold, from 0 to 1?",
        draw=_values,
        right=lambda *values: values[0] ** 2 / sum(value**2 for value in values),
        because="Energy is the sum of the squares of the singular values.",
        mistakes=(
            Mistake("no squares", lambda *values: values[0] / sum(values), "Square the values."),
        ),
    ),
)
