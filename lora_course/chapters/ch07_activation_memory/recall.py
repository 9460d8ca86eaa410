"""What later chapters ask again of this one."""

from __future__ import annotations

import random

from lora_course.checks.question import Mistake
from lora_course.checks.recall import Recall

LENGTH, RANK = "half the length", "half the rank"
YES, NO = "yes, from some length on", "no, never"
MORE, LESS = "fp32 adapters on a bf16 base", "bf16 adapters, no dropout"


def _sizes(draws: random.Random) -> tuple[int, int, int]:
    return draws.choice((100, 500, 1000)), draws.choice((64, 128, 256)), draws.choice((4, 8, 16))


RECALL = (
    Recall(
        name="kept",
        text="{0} tokens pass a linear layer of {1} × {1} with an adapter of rank {2}, all in fp32."
        " How many numbers are kept for the backward pass?",
        draw=_sizes,
        right=lambda tokens, width, rank: tokens * (width + rank),
        because="x for the gradient of A, Ax for that of B: {1} + {2} a token.",
        mistakes=(
            Mistake(
                "Ax", lambda tokens, width, rank: tokens * rank, "A's gradient needs x as well."
            ),
            Mistake(
                "x", lambda tokens, width, rank: tokens * width, "B's gradient needs Ax as well."
            ),
        ),
    ),
    Recall(
        name="frees",
        text="A step of a small model with {0} tokens and rank {1} does not fit. Which frees more?",
        draw=lambda draws: (draws.choice((2048, 4096)), draws.choice((8, 16, 32))),
        right=lambda tokens, rank: LENGTH,
        because="Activations and logits grow with the tokens, and hardly with the rank.",
        choices=(LENGTH, RANK),
    ),
    Recall(
        name="more",
        text="A model in bf16, LoRA of rank 8, with {0}. Can that take more memory than full"
        " tuning in bf16?",
        draw=lambda draws: (draws.choice((MORE, LESS)),),
        right=lambda adapters: YES if adapters == MORE else NO,
        because="fp32 adapters keep fp32 copies of their inputs, more for each token than full"
        " tuning keeps.",
        choices=(YES, NO),
    ),
    Recall(
        name="logits",
        text="A step of {0} tokens, a vocabulary of {1} thousand. How many MB does one fp32 copy"
        " of the logits take?",
        draw=lambda draws: (draws.choice((500, 1000, 2000)), draws.choice((32, 128, 150))),
        right=lambda tokens, thousands: tokens * thousands * 4 / 1000,
        because="A number for each token and each word, 4 bytes each.",
        mistakes=(
            Mistake(
                "2 bytes",
                lambda tokens, thousands: tokens * thousands * 2 / 1000,
                "The loss is taken in fp32: 4 bytes.",
            ),
        ),
    ),
)
