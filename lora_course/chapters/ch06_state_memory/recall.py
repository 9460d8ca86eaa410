"""What later chapters ask again of this one."""

from __future__ import annotations

import random

from lora_course.checks.question import Mistake
from lora_course.checks.recall import Recall

NOTHING, MOST = "nothing", "about three quarters"
STATE_CAME = "The optimizer's state is there now."
TEXTS_GREW = "The weights have grown."


def _tensor(draws: random.Random) -> tuple[int, int]:
    return draws.choice((4, 8, 16, 64)), draws.choice((128, 512, 4096))


RECALL = (
    Recall(
        name="bytes",
        text="{0} million numbers train in fp32 with AdamW. How many MB do their weights, gradients"
        " and optimizer state take together?",
        draw=lambda draws: (draws.choice((5, 10, 20, 42)),),
        right=lambda millions: float(16 * millions),
        because="4 bytes of weight, 4 of gradient, 8 of Adam's two averages.",
        mistakes=(
            Mistake("state", lambda millions: 8.0 * millions, "That is the state alone."),
            Mistake("weights", lambda millions: 4.0 * millions, "Those are the weights alone."),
        ),
    ),
    Recall(
        name="small",
        text="An adapter's A is {0} × {1}. How much of its state does bitsandbytes' 8-bit AdamW"
        " save?",
        draw=_tensor,
        right=lambda rank, width: NOTHING if rank * width < 4096 else MOST,
        because="A tensor with fewer than 4,096 entries keeps its averages in fp32; here there are"
        " {0} · {1}.",
        choices=(NOTHING, MOST),
    ),
    Recall(
        name="second",
        text="Training with Adam runs out of memory in the second step's forward pass, not in the"
        " first's. What has changed?",
        draw=lambda draws: (),
        right=lambda: STATE_CAME,
        because="The optimizer makes its state in the first step, after the backward pass.",
        choices=(STATE_CAME, TEXTS_GREW),
    ),
    Recall(
        name="peak",
        text="At one moment weights take {0} MB and gradients {1}; at another, weights {0} and"
        " everything else {2}. What is the peak of the two, in MB?",
        draw=lambda draws: (draws.randint(20, 40), draws.randint(5, 10), draws.randint(11, 19)),
        right=lambda weights, gradients, rest: weights + rest,
        because="The peak is the most held at one moment.",
        mistakes=(
            Mistake(
                "all",
                lambda weights, gradients, rest: weights + gradients + rest,
                "Gradients and the rest are not held at the same moment.",
            ),
        ),
    ),
)
