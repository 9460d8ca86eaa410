"""Chapter 7, question (a): what one linear layer keeps, frozen, tuned in full, or adapted."""

from __future__ import annotations

import random
from collections.abc import Callable

from lora_course.checks.answer import Answer
from lora_course.checks.question import Mistake, compare

FUNCTION = "layer_keeps"
CLOSE = 1e-6  # also in fp32


def right(
    way: str,
    tokens: int,
    d_out: int,
    d_in: int,
    rank: int,
    base_bytes: int,
    adapter_bytes: int,
) -> float:
    """Frozen: nothing. Full tuning: x. LoRA: x, in the adapter's type, and Ax."""
    if way == "LoRA":
        return float(tokens * (d_in + rank) * adapter_bytes)
    return float(tokens * d_in * base_bytes) if way == "full" else 0.0


def _lora(numbers: Callable[[int, int, int, int, int, int], float]) -> Callable[..., float]:
    """A mistake about LoRA: (tokens, d_out, d_in, rank, base_bytes, adapter_bytes) -> bytes."""
    return lambda way, *sizes: numbers(*sizes) if way == "LoRA" else right(way, *sizes)


def _others(full: Callable[[int, int, int], float], frozen: bool = False) -> Callable[..., float]:
    """A mistake about full tuning, (tokens, d_out, d_in) -> numbers, or a frozen layer like it."""

    def wrong(
        way: str, tokens: int, d_out: int, d_in: int, rank: int, base_bytes: int, adapter_bytes: int
    ) -> float:
        if way == "full" or frozen:
            return full(tokens, d_out, d_in) * base_bytes
        return right(way, tokens, d_out, d_in, rank, base_bytes, adapter_bytes)

    return wrong


OTHERS = (
    Mistake(
        "a frozen layer keeps x",
        _others(lambda t, d_out, d_in: t * d_in, frozen=True),
        "A frozen layer has no gradient of W to compute: it keeps nothing of x.",
    ),
    Mistake(
        "the output",
        _others(lambda t, d_out, d_in: t * d_out),
        "The gradient of W is g times x: the layer's output stands nowhere in it.",
    ),
    Mistake(
        "input and output",
        _others(lambda t, d_out, d_in: t * (d_in + d_out)),
        "The gradient of W is g times x. The output is the next layer's business.",
    ),
    Mistake(
        "the weights counted",
        _others(lambda t, d_out, d_in: t * d_in + d_out * d_in),
        "W is a parameter: it is there anyway, and not counted again.",
    ),
    Mistake(
        "one token",
        _others(lambda t, d_out, d_in: d_in),
        "Every token has an x of its own, and all of them are kept.",
    ),
)
LORA = (
    Mistake(
        "only Ax",
        _lora(lambda t, d_out, d_in, r, base, adapter: t * r * adapter),
        "B's gradient needs Ax. A's gradient needs x itself, with all its d_in numbers.",
    ),
    Mistake(
        "only x",
        _lora(lambda t, d_out, d_in, r, base, adapter: t * d_in * adapter),
        "A's gradient needs x. What does B's need?",
    ),
    Mistake(
        "all in the base's type",
        _lora(lambda t, d_out, d_in, r, base, adapter: t * (d_in + r) * base),
        "A multiplies in its own type: x is copied into that, and the copy is kept.",
    ),
    Mistake(
        "x in the base's type",
        _lora(lambda t, d_out, d_in, r, base, adapter: t * (d_in * base + r * adapter)),
        "A multiplies in its own type: x is copied into that, and the copy is kept.",
    ),
    Mistake(
        "x twice",
        _lora(lambda t, d_out, d_in, r, base, adapter: t * (d_in * base + (d_in + r) * adapter)),
        "The base is frozen and keeps no x: only the adapter does.",
    ),
    Mistake(
        "the output of B",
        _lora(lambda t, d_out, d_in, r, base, adapter: t * (d_in + r + d_out) * adapter),
        "BAx is added to the output. No gradient of A or B needs it.",
    ),
    Mistake(
        "A and B counted",
        _lora(
            lambda t, d_out, d_in, r, base, adapter: (t * (d_in + r) + r * (d_in + d_out)) * adapter
        ),
        "A and B are parameters: they are there anyway, and not counted again.",
    ),
    Mistake(
        "one token",
        _lora(lambda t, d_out, d_in, r, base, adapter: (d_in + r) * adapter),
        "Every token has an x and an Ax of its own.",
    ),
)


def check(ways: tuple[str, ...], mistakes: tuple[Mistake, ...]) -> Callable[..., None]:
    """A check of some ways: with adapters of the base's type, and of another."""

    def run(answer: Answer, draws: random.Random) -> None:
        cases = []
        for base_bytes, adapter_bytes in ((2, 4), (4, 4), (2, 2)):
            # d_out is never d_in, so that they cannot be taken for each other.
            d_out, d_in = draws.sample((64, 96, 160, 256, 384), 2)
            sizes = [draws.randint(100, 900), d_out, d_in, draws.choice((4, 8, 16))]
            cases += [[way, *sizes, base_bytes, adapter_bytes] for way in ways]
        compare(answer, FUNCTION, cases, right, mistakes, CLOSE)

    return run
