"""What later chapters ask again of this one."""

from __future__ import annotations

import random

from lora_course.checks.question import Mistake
from lora_course.checks.recall import Recall

YES, NO = "yes", "no"
RANK, RATE, BOTH = "the ranks alone", "the learning rate alone", "rank and step size, mixed"


def _difference(draws: random.Random) -> tuple[int, float, float]:
    error = draws.choice((0.004, 0.006, 0.01))
    return draws.choice((4, 8)), round(error * draws.choice((0.5, 0.75, 1.5, 2.5)), 4), error


RECALL = (
    Recall(
        name="choice",
        text="The best rank is ahead of rank {0} by {1}, with a standard error of {2} over paired"
        " seeds. Is rank {0} good enough by the rule of one standard error?",
        draw=_difference,
        right=lambda rank, difference, error: YES if difference <= error else NO,
        because="It is where the difference is at most one standard error of the differences.",
        choices=(YES, NO),
    ),
    Recall(
        name="optimizer",
        text="An adapter has {0} million numbers. How many MB does Adam keep for them in fp32,"
        " beside the adapter and its gradients?",
        draw=lambda draws: (draws.choice((10, 20, 42, 84)),),
        right=lambda millions: float(8 * millions),
        because="Two running averages of 4 bytes each.",
        mistakes=(
            Mistake("one average", lambda millions: 4.0 * millions, "Adam keeps two averages."),
            Mistake("all of it", lambda millions: 16.0 * millions, "That is all four numbers."),
        ),
    ),
    Recall(
        name="one_rate",
        text="Ranks 8 and 64 are trained at one learning rate with alpha = r. What does the table"
        " compare?",
        draw=lambda draws: (),
        right=lambda: BOTH,
        because="Under alpha = r the larger rank takes larger steps: give each its best rate.",
        choices=(RANK, RATE, BOTH),
    ),
    Recall(
        name="one_seed",
        text="With one seed, rank {0} is ahead of rank {1} by 0.01. Is it better?",
        draw=lambda draws: draws.choice(((16, 8), (32, 16), (8, 64))),
        right=lambda *ranks: "cannot tell",
        because="One run cannot show its own luck: run both with the same few seeds.",
        choices=(YES, NO, "cannot tell"),
    ),
)
