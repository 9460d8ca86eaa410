"""Chapter 8, question (b): what segments hold at the peak, and the length that holds least."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

from lora_course.checks.answer import Answer
from lora_course.checks.question import Mistake, compare

FUNCTION = "plan"
CLOSE = 1e-6  # also in fp32
Plan = dict[str, float]


def right(layers: int, boundary: int, inside: int, segment: int) -> Plan:
    """A boundary a segment, and the insides of the one that is open."""

    def held(length: int) -> float:
        return float(layers // length * boundary + length * inside)

    return {"held": held(segment), "best": min(_lengths(layers), key=held)}


def _lengths(layers: int) -> list[int]:
    return [length for length in range(1, layers + 1) if layers % length == 0]


def _held(wrong: Callable[[int, int, int, int], float]) -> Callable[..., Plan]:
    return lambda *case: {**right(*case), "held": float(wrong(*case))}


def _best(wrong: Callable[[int, int, int], float]) -> Callable[..., Plan]:
    return lambda n, b, i, k: {**right(n, b, i, k), "best": wrong(n, b, i)}


HELD = (
    Mistake(
        "all insides",
        _held(lambda n, b, i, k: n // k * b + n * i),
        "That opens every segment at once. They are opened one after the other.",
    ),
    Mistake(
        "one layer's inside",
        _held(lambda n, b, i, k: n // k * b + i),
        "A segment is opened as a whole: the insides of all its layers are there.",
    ),
    Mistake(
        "boundaries forgotten",
        _held(lambda n, b, i, k: k * i),
        "Each segment's input is kept from the forward pass on: add the boundaries.",
    ),
    Mistake(
        "a boundary a layer",
        _held(lambda n, b, i, k: n * b + k * i),
        "A boundary is kept for each segment, not for each layer.",
    ),
    Mistake(
        "exchanged",
        _held(lambda n, b, i, k: k * b + n // k * i),
        "Exchanged: there are layers / segment boundaries, and `segment` insides.",
    ),
    Mistake(
        "without checkpointing",
        _held(lambda n, b, i, k: n * i),
        "That is what a step without checkpointing keeps.",
    ),
)
BEST = (
    Mistake(
        "√layers",
        _best(lambda n, b, i: round(math.sqrt(n))),
        "√L is right where inside and boundary are the same size.",
    ),
    Mistake(
        "√layers",
        _best(lambda n, b, i: min(_lengths(n), key=lambda k: abs(k - math.sqrt(n)))),
        "√L is right where inside and boundary are the same size.",
    ),
    Mistake(
        "upside down",
        _best(lambda n, b, i: round(math.sqrt(n * i / b))),
        "That is the number of segments. The larger an inside, the shorter a segment: divide by"
        " inside.",
    ),
    Mistake(
        "not rounded",
        _best(lambda n, b, i: math.sqrt(n * b / i)),
        "That is the root. Return a length: a whole number that divides `layers`.",
    ),
    Mistake(
        "bytes, not the length",
        _best(lambda n, b, i: min(float(n // k * b + k * i) for k in _lengths(n))),
        "Those are the fewest bytes. Return the length that gives them.",
    ),
    Mistake(
        "the worst",
        _best(lambda n, b, i: max(_lengths(n), key=lambda k: n // k * b + k * i)),
        "That length holds most.",
    ),
    Mistake(
        "always 1",
        _best(lambda n, b, i: 1),
        "A segment of one layer keeps a boundary a layer. Here a longer one holds less.",
    ),
)


def check_held(answer: Answer, draws: random.Random) -> None:
    """Bytes at the peak."""
    compare(answer, FUNCTION, _cases(draws), right, HELD, CLOSE, keys=("held",))


def check_best(answer: Answer, draws: random.Random) -> None:
    """The best length: one that divides the layers, a whole number of either kind."""
    compare(answer, FUNCTION, _cases(draws), right, BEST, keys=("best",), read=_whole)


def _whole(value: Any) -> Any:
    """4.0 as 4."""
    best = value.get("best") if type(value) is dict else None
    if type(best) is not float or not best.is_integer():
        return value
    return {"best": int(best)}


def _cases(draws: random.Random) -> list[list[int]]:
    """Three models; the best length is 3, 2 and 4, whether looked for or taken from the root."""
    cases = []
    for layers, ratio, segment in ((36, 4, 6), (24, 6, 3), (48, 3, 8)):
        boundary = draws.randint(20, 90)
        off = draws.choice((-3, -2, -1, 1, 2, 3))  # never 0: the root is no whole number
        cases.append([layers, boundary, boundary * ratio + off, segment])
    return draws.sample(cases, len(cases))
