"""What later chapters ask again of this one."""

from __future__ import annotations

import random

from lora_course.checks.question import Mistake
from lora_course.checks.recall import Recall

A, B, BOTH, NEITHER = "only A", "only B", "both", "neither"
MOVES = {
    "A is random and B is zero": B,
    "A is zero and B is random": A,
    "A and B are both zero": NEITHER,
    "A and B are both random": BOTH,
}
QUIET = {start: start != "A and B are both random" for start in MOVES}
AS_BASE, WORSE = "exactly as the base", "otherwise, as a rule worse"


def _start(draws: random.Random) -> tuple[str]:
    return (draws.choice(list(MOVES)),)


RECALL = (
    Recall(
        name="moves",
        text="At the start {0}. What moves in the first step?",
        draw=_start,
        right=lambda start: MOVES[start],
        because="The gradient of each holds the other one: what meets a zero waits.",
        choices=(A, B, BOTH, NEITHER),
        mistakes=(
            Mistake(
                "swapped",
                lambda start: {A: B, B: A}.get(MOVES[start], ""),
                "The gradient of B holds A, and that of A holds B.",
            ),
        ),
    ),
    Recall(
        name="quiet",
        text="At the start {0}. How does the model answer before the first step?",
        draw=_start,
        right=lambda start: AS_BASE if QUIET[start] else WORSE,
        because="Where A or B is zero, BA is zero, and W + alpha/r · BA is W.",
        choices=(AS_BASE, WORSE),
    ),
    Recall(
        name="frozen",
        text="A model has {0} layers of {1} × {1}, each with an adapter of rank {2}. How many"
        " numbers should have requires_grad=True?",
        draw=lambda draws: (draws.choice((2, 3, 5)), draws.choice((64, 100)), draws.choice((2, 4))),
        right=lambda layers, width, rank: layers * 2 * width * rank,
        because="Only A and B: 2·{1}·{2} a layer. More means that the base trains along.",
        mistakes=(
            Mistake(
                "the base too",
                lambda layers, width, rank: layers * (2 * width * rank + width**2),
                "That counts the frozen base, too.",
            ),
            Mistake(
                "one layer", lambda layers, width, rank: 2 * width * rank, "That is one layer's."
            ),
        ),
    ),
)
