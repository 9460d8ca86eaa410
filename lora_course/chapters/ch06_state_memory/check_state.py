"""Chapter 6, question (a): the bytes of an optimizer's state."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from lora_course.checks.answer import Answer
from lora_course.checks.question import Mistake, compare

FUNCTION = "state_bytes"
SMALLEST = 4096  # entries of a tensor whose averages bitsandbytes keeps in 8 bits

Shapes = dict[str, list[int]]
Tied = dict[str, str]


def _sizes(shapes: Shapes, tied: Tied) -> list[int]:
    """Entries of each tensor, tied ones once."""
    return [math.prod(shape) for name, shape in shapes.items() if name not in tied]


def right(shapes: Shapes, tied: Tied, optimizer: str) -> int:
    """AdamW: 8 bytes an entry and 4 a tensor; AdamW8bit: 2 an entry of large tensors, 8 else."""
    return _bytes(_sizes(shapes, tied), optimizer)


def _bytes(
    sizes: list[int],
    optimizer: str,
    averages: int = 8,
    step: int = 4,
    small: int = 8,
    large: int = 2,
    at_least: int = SMALLEST,
) -> int:
    if optimizer == "AdamW":
        return sum(averages * size + step for size in sizes)
    return sum((large if size >= at_least else small) * size for size in sizes)


def _with(**changes: int) -> Callable[..., int]:
    """A wrong answer: the right one with another of its numbers."""
    return lambda shapes, tied, optimizer: _bytes(_sizes(shapes, tied), optimizer, **changes)


def _on_the_total(shapes: Shapes, tied: Tied, optimizer: str) -> int:
    sizes = _sizes(shapes, tied)
    return _bytes(sizes if optimizer == "AdamW" else [sum(sizes)], optimizer)


def _step_a_parameter(shapes: Shapes, tied: Tied, optimizer: str) -> int:
    sizes = _sizes(shapes, tied)
    return 12 * sum(sizes) if optimizer == "AdamW" else _bytes(sizes, optimizer)


def _step_once(shapes: Shapes, tied: Tied, optimizer: str) -> int:
    return _with(step=0)(shapes, tied, optimizer) + 4 * (optimizer == "AdamW")


def _steps_of_both(shapes: Shapes, tied: Tied, optimizer: str) -> int:
    more = 0 if optimizer == "AdamW" else 4 * len(_sizes(shapes, tied))
    return right(shapes, tied, optimizer) + more


STEP = "Adam also counts its steps: one fp32 number, 4 bytes, for each tensor."
MISTAKES = (
    Mistake("the counter left out", _with(step=0), STEP),
    Mistake("one counter for all", _step_once, STEP),
    Mistake(
        "a counter for each entry",
        _step_a_parameter,
        "The counter is one number a tensor, not one an entry: 8 bytes an entry, 4 a tensor.",
    ),
    Mistake(
        "one average",
        _with(averages=4, small=4, large=1),
        "Adam keeps two running averages of each entry: of the gradient and of its square.",
    ),
    Mistake(
        "weights and gradients too",
        _with(averages=16, small=16, large=10),
        "Only the optimizer's state is asked for: weights and gradients are not part of it.",
    ),
    Mistake(
        "tied tensors twice",
        lambda shapes, tied, optimizer: right(shapes, {}, optimizer),
        "A name in `tied` is another name of a tensor that is there already: it has no state of"
        " its own.",
    ),
    Mistake(
        "the tied tensor not at all",
        lambda shapes, tied, optimizer: right(
            shapes, tied | dict.fromkeys(tied.values(), ""), optimizer
        ),
        "A tied tensor is one tensor with two names: count it once, not never.",
    ),
    Mistake(
        "8 bits for every tensor",
        _with(small=2),
        "A tensor with fewer than 4,096 entries keeps its averages in fp32: 8 bytes an entry.",
    ),
    Mistake(
        "the threshold on the total",
        _on_the_total,
        "The 4,096 entries are those of one tensor, not of all together: decide tensor by tensor.",
    ),
    Mistake(
        "exactly 4,096 in fp32",
        _with(at_least=SMALLEST + 1),
        "Fewer than 4,096 entries stay in fp32: a tensor of exactly 4,096 goes into 8 bits.",
    ),
    Mistake(
        "the threshold the wrong way",
        _with(small=2, large=8),
        "The other way: large tensors go into 8 bits, small ones stay in fp32.",
    ),
    Mistake(
        "one byte an entry",
        _with(large=1),
        "Two averages of one byte each: 2 bytes an entry.",
    ),
    Mistake(
        "a counter in 8 bits, too",
        _steps_of_both,
        "bitsandbytes counts its steps outside of any tensor: no 4 bytes a tensor with AdamW8bit.",
    ),
)


def check(optimizer: str) -> Callable[[Answer, random.Random], None]:
    """A check of one optimizer on four models: two with a tied tensor, one with few numbers."""

    def run(answer: Answer, draws: random.Random) -> None:
        few: Shapes = {"lora_A": [2, draws.randint(64, 512)], "lora_B": [draws.randint(64, 512), 2]}
        cases = [[*_model(draws, tie), optimizer] for tie in (True, False, True)]
        cases.append([few, {}, optimizer])
        compare(answer, FUNCTION, cases, right, MISTAKES)

    return run


def _model(draws: random.Random, tie: bool) -> tuple[Shapes, Tied]:
    """Tensors below, at and above 4,096 entries; the last may be the first by another name."""
    shapes: Shapes = {
        "embed.weight": [draws.randint(100, 200), draws.randint(41, 64)],
        "norm.weight": [draws.randint(16, 64)],
        "q_proj.lora_A": [draws.randint(2, 8), draws.randint(64, 128)],
        "q_proj.lora_B": [64, 64],
    }
    if not tie:
        return shapes, {}
    return shapes | {"head.weight": shapes["embed.weight"]}, {"head.weight": "embed.weight"}
