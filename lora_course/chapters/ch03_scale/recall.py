"""What later chapters ask again of this one."""

from __future__ import annotations

import random

from lora_course.checks.question import Mistake
from lora_course.checks.recall import Recall

FIXED, EQUAL, ROOT = "a fixed alpha", "alpha = r", "alpha that grows as √r"
WIDER, TAKE = "try rates beyond it", "take it: it is the best"


def _alpha(draws: random.Random) -> tuple[int, int]:
    return draws.choice((4, 9, 16)), draws.choice((8, 16, 32))


RECALL = (
    Recall(
        name="path",
        text="alpha becomes {0} times as large, and the spread of A at the start is divided by"
        " √{0}. By which number must Adam's learning rate be divided for the same training?",
        draw=_alpha,
        right=lambda times, rank: times**0.5,
        because="Adam divides the gradient's size out: only √s·A and √s·B count.",
        mistakes=(Mistake("SGD", lambda times, rank: float(times), "So it is with SGD."),),
    ),
    Recall(
        name="rslora",
        text="alpha is {0}, the rank {1}, and PEFT is told use_rslora=True. By which number is BA"
        " multiplied?",
        draw=lambda draws: (draws.choice((8, 16, 32)), draws.choice((4, 16, 64))),
        right=lambda alpha, rank: alpha / rank**0.5,
        because="rsLoRA divides alpha by √r.",
        mistakes=(Mistake("r", lambda alpha, rank: alpha / rank, "That is without rsLoRA."),),
    ),
    Recall(
        name="rule",
        text="With Adam: which choice of alpha lets the loss fall as far in the first step at every"
        " rank?",
        draw=lambda draws: (),
        right=lambda: FIXED,
        because="The fall goes as s·r, and s = alpha/r: a fixed alpha keeps it.",
        choices=(FIXED, EQUAL, ROOT),
        mistakes=(Mistake("SGD", lambda: ROOT, "That keeps the size of ΔW, or SGD's fall."),),
    ),
    Recall(
        name="edge",
        text="Of the learning rates {0}, {1} and {2} the last is best. What now?",
        draw=lambda draws: draws.choice(((0.001, 0.002, 0.004), (0.01, 0.003, 0.001))),
        right=lambda *rates: WIDER,
        because="At the edge of a grid nobody knows what lies beyond it.",
        choices=(WIDER, TAKE),
    ),
)
