"""Chapter 6, question (c): the fullest moment of a step, by a sketch of two moments."""

from __future__ import annotations

import random
from collections.abc import Callable

from lora_course.checks.answer import Answer
from lora_course.checks.question import Mistake, compare

FUNCTION = "step_peak"
Sketch = Callable[[int, int, int, int, bool], int]


def right(weights: int, gradients: int, state: int, kept: int, set_to_none: bool) -> int:
    """After the forward pass the old gradients may still be held; after the backward pass, all."""
    old = 0 if set_to_none else gradients
    return max(weights + state + kept + old, weights + state + gradients)


MISTAKES = (
    Mistake(
        "everything at once",
        lambda weights, gradients, state, kept, none: weights + gradients + state + kept,
        "New gradients come as what the forward pass kept goes: the two are not whole at one"
        " moment, unless old gradients were left in place.",
    ),
    Mistake(
        "the optimizer's moment forgotten",
        lambda weights, gradients, state, kept, none: (
            weights + state + kept + (0 if none else gradients)
        ),
        "With few tokens the fullest moment is the optimizer's: weights, state and all gradients.",
    ),
    Mistake(
        "the forward pass forgotten",
        lambda weights, gradients, state, kept, none: weights + state + gradients,
        "With many tokens it is fullest as the forward pass ends: compare that moment as well.",
    ),
    Mistake(
        "gradients always gone",
        lambda weights, gradients, state, kept, none: right(weights, gradients, state, kept, True),
        "Gradients that are filled with zeros are still there through the next forward pass.",
    ),
    Mistake(
        "no state before the optimizer",
        lambda weights, gradients, state, kept, none: max(
            weights + kept + (0 if none else gradients), weights + state + gradients
        ),
        "That is the first step. From the second on the state is there from the beginning.",
    ),
    Mistake(
        "the smaller moment",
        lambda weights, gradients, state, kept, none: min(
            weights + state + kept + (0 if none else gradients), weights + state + gradients
        ),
        "The peak is the fuller of the two moments.",
    ),
)


def check(set_to_none: bool) -> Callable[[Answer, random.Random], None]:
    """A check of one way to clear gradients: with many tokens, and with few."""

    def run(answer: Answer, draws: random.Random) -> None:
        cases = []
        for kept in ((300, 400), (2, 9), (200, 290)):
            cases.append(
                [
                    draws.randint(500, 900),
                    draws.randint(20, 90),
                    draws.randint(100, 180),
                    draws.randint(*kept),
                    set_to_none,
                ]
            )
        compare(answer, FUNCTION, cases, right, MISTAKES)

    return run
