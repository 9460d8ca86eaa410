"""What later chapters ask again of this one."""

from __future__ import annotations

import random

from lora_course.checks.question import Mistake
from lora_course.checks.recall import Recall

HALF, THIRD, ALL = "by about 1/2", "by about 1/3", "they double"
INPUTS, NOTHING, OUTPUTS = "its input", "nothing", "each layer's output"


def _layers(draws: random.Random) -> tuple[int, int]:
    return draws.choice(((36, 4), (36, 9), (64, 4), (64, 16), (16, 4), (48, 3)))


RECALL = (
    Recall(
        name="factor",
        text="LoRA with small ranks, all layers checkpointed. By how much do a step's FLOPs grow?",
        draw=lambda draws: (),
        right=lambda: HALF,
        because="The frozen weights get no gradients: forward and backward are two forwards, and"
        " one comes on top.",
        choices=(HALF, THIRD, ALL),
        mistakes=(Mistake("full tuning's", lambda: THIRD, "That is full tuning's."),),
    ),
    Recall(
        name="length",
        text="{0} layers; a layer keeps {1} times as much inside as at its boundary. Which segment"
        " length holds least?",
        draw=_layers,
        right=lambda layers, ratio: int((layers / ratio) ** 0.5),
        because="√(L · boundary / inside) = √({0} / {1}).",
        mistakes=(
            Mistake("√L", lambda layers, ratio: layers**0.5, "√L is for inside = boundary."),
            Mistake(
                "upside down", lambda layers, ratio: (layers * ratio) ** 0.5, "Divide by inside."
            ),
        ),
        tolerance=0.02,
    ),
    Recall(
        name="kept",
        text="What does a checkpointed segment keep for the backward pass?",
        draw=lambda draws: (),
        right=lambda: INPUTS,
        because="From its input all else is computed again.",
        choices=(INPUTS, NOTHING, OUTPUTS),
    ),
    Recall(
        name="none",
        text="All gradients of the adapters are None once checkpointing is on. Which setting does"
        " away with it?",
        draw=lambda draws: (),
        right=lambda: "use_reentrant=False",
        because="A reentrant checkpoint gives no gradients where its input asks for none, as after"
        " a frozen embedding.",
        choices=("use_reentrant=False", "preserve_rng_state=False", "use_reentrant=True"),
    ),
)
