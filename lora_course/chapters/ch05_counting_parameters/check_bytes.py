"""Chapter 5, question (b): the bytes of an adapter's file, without its header."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from lora_course.checks.answer import Answer
from lora_course.checks.question import Mistake, compare

FUNCTION = "data_bytes"
CLOSE = 1e-6  # also in fp32
Saved = Sequence[str]


def _bytes(
    adapter: int = 4, whole: int | None = None, rows: int = 4, once: bool = False
) -> Callable[[int, int, int, Saved, int, int], float]:
    """The sum with so many bytes a number; None: as many as the base has. `once`: one matrix."""

    def count(
        numbers: int, vocabulary: int, hidden: int, saved: Saved, tokens: int, base_bytes: int
    ) -> float:
        matrices = min(len(saved), 1) if once else len(saved)
        each = base_bytes if whole is None else whole
        total = adapter * numbers + each * matrices * vocabulary * hidden + rows * tokens * hidden
        return float(total)

    return count


right = _bytes()

MISTAKES = (
    Mistake(
        "all in fp32",
        _bytes(whole=4),
        "Modules saved whole keep the base's type: base_bytes a number, not 4.",
    ),
    Mistake(
        "all in the base's type",
        lambda numbers, vocabulary, hidden, saved, tokens, base_bytes: _bytes(
            base_bytes, None, base_bytes
        )(numbers, vocabulary, hidden, saved, tokens, base_bytes),
        "PEFT keeps A, B and single rows in fp32 whatever the base is: 4 bytes a number.",
    ),
    Mistake(
        "single rows in the base's type",
        lambda numbers, vocabulary, hidden, saved, tokens, base_bytes: _bytes(rows=base_bytes)(
            numbers, vocabulary, hidden, saved, tokens, base_bytes
        ),
        "The rows of single tokens are fp32, as A and B are: 4 bytes a number.",
    ),
    Mistake(
        "one matrix for two",
        _bytes(once=True),
        "Embeddings and head are saved each for itself, tied or not: two matrices in the file.",
    ),
    Mistake(
        "what is saved whole left out",
        _bytes(whole=0),
        "Each module of `saved` is a matrix of vocabulary × hidden numbers in the file.",
    ),
    Mistake(
        "the rows left out",
        _bytes(rows=0),
        "Each token of its own has a row of `hidden` numbers.",
    ),
    Mistake(
        "a number a token",
        lambda numbers, vocabulary, hidden, saved, tokens, base_bytes: (
            right(numbers, vocabulary, hidden, saved, 0, base_bytes) + 4 * tokens
        ),
        "A token is a row of `hidden` numbers, not one number.",
    ),
    Mistake(
        "the whole matrix for a few tokens",
        lambda numbers, vocabulary, hidden, saved, tokens, base_bytes: right(
            numbers, vocabulary, hidden, saved, vocabulary * bool(tokens), base_bytes
        ),
        "Single tokens cost their own rows alone, not the whole matrix.",
    ),
    Mistake(
        "numbers, not bytes",
        _bytes(1, 1, 1),
        "Those are numbers. Each takes 4 bytes, or base_bytes in a module saved whole.",
    ),
    Mistake(
        "MB, not bytes",
        lambda *case: right(*case) / 1e6,
        "Those are MB. Return bytes.",
    ),
)


def check_whole(answer: Answer, draws: random.Random) -> None:
    """No single tokens: nothing saved whole, one matrix, and both; bases in bf16 and fp32."""
    both = ["embed_tokens", "lm_head"]
    cases = [
        _case(draws, saved, 0, base_bytes)
        for saved, base_bytes in ((both, 2), ([], 2), (both[:1], 2), (both, 4))
    ]
    compare(answer, FUNCTION, cases, right, MISTAKES, CLOSE)


def check_rows(answer: Answer, draws: random.Random) -> None:
    """A few tokens of their own, alone and beside a head that is saved whole."""
    cases = [
        _case(draws, saved, draws.randint(2, 9), base_bytes)
        for saved, base_bytes in (([], 2), (["lm_head"], 2), ([], 4))
    ]
    compare(answer, FUNCTION, cases, right, MISTAKES, CLOSE)


def _case(draws: random.Random, saved: Saved, tokens: int, base_bytes: int) -> list[object]:
    # So few that with tokens even a single number a token is told from none.
    numbers = draws.randint(10**5, 5 * 10**5)
    vocabulary, hidden = draws.randint(30_000, 150_000), draws.choice((1024, 2048, 2560))
    return [numbers, vocabulary, hidden, list(saved), tokens, base_bytes]
