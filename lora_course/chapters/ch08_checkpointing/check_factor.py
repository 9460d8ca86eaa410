"""Chapter 8, question (a): how many times as many FLOPs a checkpointed step takes."""

from __future__ import annotations

import random
from collections.abc import Callable

from lora_course.checks.answer import Answer
from lora_course.checks.question import Mistake, compare

FUNCTION = "flops_factor"
CLOSE = 1e-6  # also in fp32
FULL, LORA = "full", "LoRA"
PASSES = {FULL: 3, LORA: 2}  # forward, gradients to inputs; to weights, where these train


def right(layers: float, head: float, method: str) -> float:
    """A step is two or three forward passes of all; the layers' alone comes on top."""
    return 1 + layers / (PASSES[method] * (layers + head))


def _with(passes: int) -> Callable[[float, float, str], float]:
    return lambda layers, head, method: 1 + layers / (passes * (layers + head))


MISTAKES = (
    Mistake(
        "the head computed again",
        lambda layers, head, method: 1 + 1 / PASSES[method],
        "That computes the head again, too. Only the layers are checkpointed.",
    ),
    Mistake(
        "full tuning's for LoRA",
        _with(3),
        "That counts gradients for the weights. With LoRA these are frozen.",
    ),
    Mistake(
        "LoRA's for full tuning",
        _with(2),
        "In full tuning the weights get gradients as well: as many FLOPs again as a forward pass.",
    ),
    Mistake(
        "all of it twice",
        lambda layers, head, method: 1 + layers / (layers + head),
        "That doubles the backward pass of the layers, too. Only their forward pass is run again.",
    ),
    Mistake(
        "everything twice",
        lambda layers, head, method: 2.0,
        "Only the layers' forward pass is run again, not the whole step.",
    ),
    Mistake(
        "the extra alone",
        lambda layers, head, method: right(layers, head, method) - 1,
        "That is what comes on top, as a share. Add the step itself.",
    ),
    Mistake(
        "upside down",
        lambda layers, head, method: 1 / right(layers, head, method),
        "With checkpointing over without: more than 1.",
    ),
    Mistake(
        "not divided",
        lambda layers, head, method: PASSES[method] * (layers + head) + layers,
        "Those are the FLOPs with checkpointing. Divide by those without.",
    ),
)


def check(method: str) -> Callable[[Answer, random.Random], None]:
    """A check of one method, with small heads and with large ones."""

    def run(answer: Answer, draws: random.Random) -> None:
        cases = [
            [draws.uniform(3, 9), draws.uniform(*heads), method]
            for heads in ((0.2, 0.6), (1.0, 2.0), (2.0, 4.0))
        ]
        compare(answer, FUNCTION, cases, right, MISTAKES, CLOSE)

    return run
