"""Chapter 4, question (a): how many parameters train, in square and in rectangular matrices."""

from __future__ import annotations

import random
from typing import Any

from lora_course.checks.answer import Answer, advised
from lora_course.checks.plain import show
from lora_course.checks.question import Mistake, WrongAnswerError, call_text, compare
from lora_course.memory.closed_form import estimate_lora_params

FUNCTION = "estimate_lora_params"
UNPACK = "layer_dim is a pair here, a list: unpack it with d_out, d_in = layer_dim."
ONE_NUMBER = "layer_dim is one number here, an int: then d_out and d_in are both layer_dim."

Dim = int | list[int]


def _sides(layer_dim: Dim) -> tuple[int, int]:
    """(d_out, d_in): the matrix is square when one number is given."""
    return (layer_dim, layer_dim) if isinstance(layer_dim, int) else (layer_dim[0], layer_dim[1])


BRACKETS = (
    "num_layers multiplies one of the two factors only. Put the sum in brackets:"
    " num_layers * (d_out * rank + rank * d_in)."
)

MISTAKES = (
    Mistake(
        "one layer only",
        lambda dim, rank, layers=32: rank * sum(_sides(dim)),
        "That is one layer. Every one of the num_layers layers has its own A and B.",
    ),
    Mistake(
        "one factor only",
        lambda dim, rank, layers=32: rank * _sides(dim)[0] * layers,
        "That counts B or A alone. The update B·A has two factors: d_out×r and r×d_in.",
    ),
    Mistake(
        "one factor only",
        lambda dim, rank, layers=32: rank * _sides(dim)[1] * layers,
        "That counts A alone. The update B·A has two factors: d_out×r and r×d_in.",
    ),
    Mistake(
        "the sum halved",
        lambda dim, rank, layers=32: rank * sum(_sides(dim)) * layers // 2,
        "That is half of it: B and A are both counted in full, r·d_out + r·d_in.",
    ),
    Mistake(
        "another default",
        lambda dim, rank, layers=1: rank * sum(_sides(dim)) * layers,
        "num_layers left out means 32: keep the default that the exercise gives.",
    ),
    Mistake(
        "the full matrix",
        lambda dim, rank, layers=32: _sides(dim)[0] * _sides(dim)[1] * layers,
        "That is the size of W itself, which stays frozen. Count the entries of A and B.",
    ),
    Mistake(
        "dimensions multiplied",
        lambda dim, rank, layers=32: rank * _sides(dim)[0] * _sides(dim)[1] * layers,
        "d_out and d_in never meet in one factor: add the sizes of B and A, do not multiply.",
    ),
    Mistake(
        "rank squared",
        lambda dim, rank, layers=32: rank * rank * sum(_sides(dim)) * layers,
        "The rank comes in once: doubling r doubles the count, it does not quadruple it.",
    ),
    Mistake(
        "square assumed",
        lambda dim, rank, layers=32: 2 * rank * _sides(dim)[0] * layers,
        "2·r·d holds only for a square matrix. Here d_out and d_in differ: add them.",
    ),
    Mistake(
        "square assumed",
        lambda dim, rank, layers=32: 2 * rank * _sides(dim)[1] * layers,
        "2·r·d holds only for a square matrix. Here d_out and d_in differ: add them.",
    ),
    Mistake(
        "num_layers fixed at 32",
        lambda dim, rank, layers=32: 32 * rank * sum(_sides(dim)),
        "32 is only the default: multiply by the num_layers that is passed in.",
    ),
    Mistake(
        "the full matrix counted too",
        lambda dim, rank, layers=32: (
            layers * (_sides(dim)[0] * _sides(dim)[1] + rank * sum(_sides(dim)))
        ),
        "That is A, B and W together. W stays frozen: leave its d_out·d_in entries out.",
    ),
    Mistake(
        "twice too many",
        lambda dim, rank, layers=32: 2 * layers * rank * sum(_sides(dim)),
        "The factor 2 in 2·r·d stands for the two sides of a square matrix. With d_out + d_in"
        " both are counted already.",
    ),
    Mistake(
        "brackets missing",
        lambda dim, rank, layers=32: _sides(dim)[0] * rank + rank * _sides(dim)[1] * layers,
        BRACKETS,
    ),
    Mistake(
        "brackets missing",
        lambda dim, rank, layers=32: layers * _sides(dim)[0] * rank + rank * _sides(dim)[1],
        BRACKETS,
    ),
    Mistake(
        "brackets missing",
        lambda dim, rank, layers=32: layers * rank * _sides(dim)[0] + _sides(dim)[1],
        "The product stops before d_in. Put the sum in brackets: num_layers * rank *"
        " (d_out + d_in).",
    ),
    Mistake(
        "brackets missing",
        lambda dim, rank, layers=32: _sides(dim)[0] + _sides(dim)[1] * rank * layers,
        "The product leaves d_out out. Put the sum in brackets: (d_out + d_in) * rank *"
        " num_layers.",
    ),
)


def _right_count(layer_dim: Dim, rank: int, num_layers: int = 32) -> int:
    return estimate_lora_params(_sides(layer_dim), rank, num_layers)


def check_square(answer: Answer, draws: random.Random) -> None:
    """One number as layer_dim, with num_layers given and left out."""
    dim, rank = draws.choice((48, 320, 768, 1280)), draws.choice((3, 5, 6, 12))
    cases: list[list[Any]] = [[dim, rank, draws.randint(3, 29)], [2 * dim, rank + 1]]
    for case in cases:
        advised(answer, case, r"\bint\b", ONE_NUMBER)
    compare(answer, FUNCTION, cases, _right_count, MISTAKES)


def check_rectangular(answer: Answer, draws: random.Random) -> None:
    """A pair as layer_dim, either side the longer."""
    d_out, d_in = draws.choice((96, 1024, 3072)), draws.choice((160, 2048, 4096))
    rank = draws.choice((3, 5, 6, 12))
    cases: list[list[Any]] = [
        [[d_out, d_in], rank, draws.randint(3, 29)],
        [[d_in, d_out], rank, 1],
    ]
    for case in cases:
        _not_a_list(answer, case)
    compare(answer, FUNCTION, cases, _right_count, MISTAKES)


def _not_a_list(answer: Answer, case: list[Any]) -> None:
    """Explain arithmetic on the pair itself, which repeats it or fails."""
    got = advised(answer, case, r"\blist\b", UNPACK)
    if type(got) is list and got and got == case[0] * (len(got) // 2):
        raise WrongAnswerError(
            f"{UNPACK} A list times a number repeats the list. To tell the two cases apart, ask"
            " isinstance(layer_dim, int): a list is no tuple.",
            call_text(FUNCTION, case),
            show(got),
            "a whole number",
            "the pair used as a number",
        )
