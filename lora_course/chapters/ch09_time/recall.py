"""What later chapters ask again of this one."""

from __future__ import annotations

import random

from lora_course.checks.question import Mistake
from lora_course.checks.recall import Recall

CALLS = "the calls of small operations"
FLOPS = "the FLOPs of its adapter"
MEMORY = "the loading of the base"
LAST, FIRST, ANY = "only in the last layers", "only in the first layers", "in query and value only"
RATIOS, MEANS = "the median of the rounds' ratios", "the ratio of the two means"


def _shares(draws: random.Random) -> tuple[int, int]:
    trained = draws.choice((3, 6, 9))
    return draws.choice((30, 60, 90)), trained


RECALL = (
    Recall(
        name="flops",
        text="A step's FLOPs, in units of T million: a model of {0} million weights is adapted by"
        " {1} million numbers. How many with LoRA? (Attention and the first layer left out.)",
        draw=_shares,
        right=lambda weights, trained: 4 * weights + 6 * trained,
        because="Frozen weights take two products of three, 4TN; the adapter all three, 6Tn.",
        mistakes=(
            Mistake("full", lambda weights, trained: 6 * weights, "That is full tuning."),
            Mistake(
                "no adapter", lambda weights, trained: 4 * weights, "The adapter takes FLOPs, too."
            ),
        ),
    ),
    Recall(
        name="break-even",
        text="A square matrix of {0}×{0}: at which rank does LoRA's step take as many FLOPs as full"
        " tuning's?",
        draw=lambda draws: (draws.choice((384, 768, 1536, 3072)),),
        right=lambda width: width // 6,
        because="n = N/3: 2·r·d is a third of d², so r = d/6.",
        mistakes=(
            Mistake("n = N", lambda width: width // 2, "There A and B have as many numbers as W."),
        ),
    ),
    Recall(
        name="slower",
        text="A narrow model: LoRA takes 0.7 of full tuning's FLOPs, and more time. What takes it?",
        draw=lambda draws: (),
        right=lambda: CALLS,
        because="Each call takes time of its own, however small its arrays, and LoRA makes more.",
        choices=(CALLS, FLOPS, MEMORY),
    ),
    Recall(
        name="upper",
        text="Where must adapters be for the backward pass to end early?",
        draw=lambda draws: (),
        right=lambda: LAST,
        because="Input gradients go down to the lowest layer that trains, and no further.",
        choices=(LAST, FIRST, ANY),
        mistakes=(
            Mistake("first", lambda: FIRST, "Then it has to go through all layers above them."),
        ),
    ),
    Recall(
        name="ratio",
        text="Two trainings were timed in turns. Which number compares them best?",
        draw=lambda draws: (),
        right=lambda: RATIOS,
        because="Both sides of a round meet the same slow moment; a median forgets the odd round.",
        choices=(RATIOS, MEANS),
    ),
)
