"""Chapter 7, question (b): the inputs that the adapters of one block keep, shared or copied."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from lora_course.checks.answer import Answer
from lora_course.checks.question import Mistake, compare

FUNCTION = "inputs_kept"
CLOSE = 1e-6  # also in fp32
Reads = dict[str, list[Any]]
"""A module's name -> the name of the tensor that it reads, and that tensor's width."""


def _all(reads: Reads) -> int:
    """Numbers a token where each module has its own."""
    return sum(width for _, width in reads.values())


def _shared(reads: Reads) -> int:
    """Numbers a token where modules that read one tensor keep it once."""
    widths = {}
    for tensor, width in reads.values():
        widths[tensor] = width
    return sum(widths.values())


def right(tokens: int, reads: Reads, base_bytes: int, adapter_bytes: int, dropout: float) -> float:
    """One tensor is kept once; a copy, into another type or by dropout, is each module's own."""
    if dropout:
        return float(tokens * _all(reads) * (adapter_bytes + 1))
    same = base_bytes == adapter_bytes
    return float(tokens * (_shared(reads) if same else _all(reads)) * adapter_bytes)


def _wrong(
    numbers: Callable[[Reads], float], each: Callable[[int, int], float] = lambda base, own: own
) -> Callable[..., float]:
    """A mistake: that many numbers a token, of so many bytes each."""
    return lambda tokens, reads, base, own, dropout: tokens * numbers(reads) * each(base, own)


SHARED = Mistake(
    "always shared",
    _wrong(_shared),
    "A copy is no shared tensor: each adapter makes its own, and keeps it.",
)
BASE_TYPE = Mistake(
    "in the base's type",
    _wrong(_all, lambda base, own: base),
    "What is kept is the copy that A multiplies, in A's own type.",
)
BOTH = Mistake(
    "the tensor and its copies",
    lambda tokens, reads, base, own, dropout: tokens * (_shared(reads) * base + _all(reads) * own),
    "The base is frozen and keeps nothing: only the adapters' copies are asked for.",
)
SAME = (
    Mistake(
        "never shared",
        _wrong(_all),
        "Several adapters that read one tensor, in its own type, keep that one tensor.",
    ),
    Mistake(
        "shared by width",
        _wrong(lambda reads: sum({width for _, width in reads.values()})),
        "Two tensors can be of the same width: look at their names.",
    ),
    Mistake(
        "tokens left out",
        lambda tokens, reads, base, own, dropout: _shared(reads) * own,
        "Every token has its own numbers.",
    ),
)
DROPPED = (
    Mistake(
        "the mask left out",
        _wrong(_all),
        "To undo dropout backward one has to know what was dropped: a mask of a byte a number.",
    ),
    Mistake(
        "the mask as wide as its input",
        _wrong(_all, lambda base, own: 2 * own),
        "So it is on a CPU. On a GPU a byte a number is enough for the mask.",
    ),
    Mistake(
        "only the mask",
        _wrong(_all, lambda base, own: 1),
        "A reads the copy in which numbers were dropped, so its gradient needs that copy.",
    ),
    Mistake(
        "one mask for all",
        _wrong(_shared, lambda base, own: own + 1),
        "Each adapter drops others: each has its own copy and its own mask.",
    ),
    Mistake(
        "a shared tensor, masks beside it",
        lambda tokens, reads, base, own, dropout: tokens * (_shared(reads) * own + _all(reads)),
        "What A reads is no longer the shared tensor, but a copy in which numbers were dropped.",
    ),
    Mistake(
        "before and after",
        _wrong(_all, lambda base, own: 2 * own + 1),
        "The input from before the dropout is not needed: the copy and its mask are.",
    ),
)
COPIED = (SHARED, BASE_TYPE, BOTH)


def check(
    types: tuple[tuple[int, int], ...], dropout: bool, mistakes: tuple[Mistake, ...]
) -> Callable[[Answer, random.Random], None]:
    """A check of these (bytes of the base, of the adapter), with dropout or without."""

    def run(answer: Answer, draws: random.Random) -> None:
        cases = []
        for base_bytes, adapter_bytes in types:
            rate = draws.choice((0.05, 0.1)) if dropout else 0.0
            tokens = draws.randint(100, 900)
            cases.append([tokens, _block(draws), base_bytes, adapter_bytes, rate])
        compare(answer, FUNCTION, cases, right, mistakes, CLOSE)

    return run


def _block(draws: random.Random) -> Reads:
    """A block's modules; attention's output is as wide as what q, k and v read."""
    width = draws.choice((64, 96, 128))
    names = {
        "q_proj": ["normed 1", width],
        "k_proj": ["normed 1", width],
        "v_proj": ["normed 1", width],
        "o_proj": ["heads", width],
        "gate_proj": ["normed 2", width],
        "up_proj": ["normed 2", width],
        "down_proj": ["product", draws.choice((3, 4)) * width],
    }
    # Without one of those that share, so that no count of them can be learnt by heart.
    left_out = draws.choice(("k_proj", "v_proj", "up_proj"))
    return {name: read for name, read in names.items() if name != left_out}
