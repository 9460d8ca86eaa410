"""Chapter 7, question (c): from how many tokens on LoRA's peak is higher than full tuning's."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

from lora_course.checks.answer import Answer
from lora_course.checks.question import Mistake, compare

FUNCTION = "more_from"
CLOSE = 1e-6  # also in fp32


def right(lora_stays: float, lora_each: float, full_stays: float, full_each: float) -> float | None:
    """Where the lines cross, up to the next whole number; None where they never do."""
    if lora_each <= full_each:
        return None
    return float(math.ceil((full_stays - lora_stays) / (lora_each - full_each)))


def _where(tokens: Callable[[float, float, float, float], float]) -> Callable[..., float | None]:
    """A mistake about the place, which knows when there is none."""

    def wrong(
        lora_stays: float, lora_each: float, full_stays: float, full_each: float
    ) -> float | None:
        if lora_each <= full_each:
            return None
        return tokens(lora_stays, lora_each, full_stays, full_each)

    return wrong


def _or(tokens: float | None, never: float) -> float:
    """The tokens; `never` where there are none."""
    return never if tokens is None else tokens


CROSSES = (
    Mistake(
        "rounded down",
        _where(lambda a, b, c, d: float((c - a) // (b - d))),
        "At that number LoRA still takes a little less: take the next whole one.",
    ),
    Mistake(
        "no whole number",
        _where(lambda a, b, c, d: (c - a) / (b - d)),
        "That is where the lines cross. Return the first whole number of tokens beyond.",
    ),
    Mistake(
        "LoRA's tokens alone",
        _where(lambda a, b, c, d: float(math.ceil((c - a) / b))),
        "Full tuning keeps activations, too: what counts is how much more LoRA adds a token.",
    ),
    Mistake(
        "full tuning's tokens alone",
        _where(lambda a, b, c, d: float(math.ceil((c - a) / d))),
        "LoRA keeps activations, too: what counts is how much more it adds a token.",
    ),
    Mistake(
        "what stays added up",
        _where(lambda a, b, c, d: float(math.ceil((c + a) / (b - d)))),
        "LoRA has what stays, too: its advantage is the difference of the two.",
    ),
    Mistake(
        "tokens added up",
        _where(lambda a, b, c, d: float(math.ceil((c - a) / (b + d)))),
        "Both grow with the tokens: LoRA loses its advantage by the difference.",
    ),
    Mistake(
        "upside down",
        _where(lambda a, b, c, d: (b - d) / (c - a)),
        "Divide the advantage, in bytes, by what is lost of it with each token.",
    ),
)
NEVER = (
    Mistake(
        "a place all the same",
        lambda a, b, c, d: float(math.ceil((c - a) / (b - d))),
        "That is below 0: where LoRA adds less a token, it never takes more. Return None.",
    ),
    Mistake(
        "a place all the same",
        lambda a, b, c, d: float(math.ceil((c - a) / abs(b - d))),
        "Where LoRA adds less a token, its advantage grows: it never takes more. Return None.",
    ),
    Mistake(
        "infinitely many",
        lambda *case: _or(right(*case), math.inf),
        "Return None where LoRA never takes more.",
    ),
    Mistake(
        "0 for never",
        lambda *case: _or(right(*case), 0.0),
        "0 would say: always. Return None for never.",
    ),
)


def check_crossing(answer: Answer, draws: random.Random) -> None:
    """LoRA adds more a token: fp32 adapters, or dropout."""
    compare(answer, FUNCTION, [_case(draws, more=True) for _ in range(3)], right, CROSSES, CLOSE)


def check_never(answer: Answer, draws: random.Random) -> None:
    """LoRA adds less a token: adapters in the base's type; and in one case more, so that never is
    no answer by itself."""
    cases = [_case(draws, more=more) for more in (False, True, False)]
    compare(answer, FUNCTION, cases, right, NEVER, CLOSE, read=_whether)


def _whether(value: Any) -> Any:
    """Any number of tokens says the same: that there is one."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return "a number of tokens" if number and 0 < value < math.inf else value


def _case(draws: random.Random, more: bool) -> list[int]:
    """Bytes; the lines cross between whole numbers of tokens, clearly."""
    while True:
        lora_stays, full_each = draws.randint(2, 9) * 10**6, draws.randint(30_000, 50_000)
        full_stays = lora_stays * draws.randint(3, 5) - draws.randint(1, 10**5)
        gap = draws.randint(7_000, 20_000)
        if 0.1 < (full_stays - lora_stays) / gap % 1 < 0.9:
            return [lora_stays, full_each + (gap if more else -gap), full_stays, full_each]
