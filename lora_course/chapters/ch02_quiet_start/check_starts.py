"""Chapter 2, question (b): is a start quiet, and what moves in the first step?"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from lora_course.checks.answer import Answer
from lora_course.checks.question import Mistake, compare
from lora_course.checks.random_tensors import simple

FUNCTION = "describe_start"
SMALL = 1e-3  # more than any entry of the update in the small start


def right(a: Any, b: Any) -> dict[str, bool]:
    """Quiet: BA = 0. A moves where B is not 0, B where A is not."""
    return {
        "quiet": not bool((b @ a).any()),
        "A_moves": bool(b.any()),
        "B_moves": bool(a.any()),
    }


def _says(
    name: str, message: str, says: Callable[[bool, bool, bool], tuple[Any, Any, Any]]
) -> Mistake:
    """A wrong description, made of: is A zero, is B zero, is BA zero."""

    def wrong(a: Any, b: Any) -> dict[str, Any]:
        zeros = (not bool(a.any()), not bool(b.any()), not bool((b @ a).any()))
        return dict(zip(("quiet", "A_moves", "B_moves"), says(*zeros), strict=True))

    return Mistake(name, wrong, message)


SUMS = Mistake(
    "a sum asked",
    lambda a, b: {
        "quiet": not bool((b @ a).sum()),
        "A_moves": bool(b.sum()),
        "B_moves": bool(a.sum()),
    },
    "Entries of both signs can cancel in a sum: ask whether any entry is not 0.",
)
QUIET = (
    _says(
        "only B asked",
        "B = 0 is one way to be quiet. A = 0 is as quiet: the update is the product BA.",
        lambda a, b, ba: (b, not b, not a),
    ),
    _says(
        "only A asked",
        "A = 0 is one way to be quiet. B = 0 is as quiet: the update is the product BA.",
        lambda a, b, ba: (a, not b, not a),
    ),
    _says(
        "both asked to be 0",
        "One of the two at 0 is enough for BA = 0.",
        lambda a, b, ba: (a and b, not b, not a),
    ),
    _says(
        "the product not looked at",
        "BA can be 0 with neither of them 0, as when each column of B that is not 0 meets a row"
        " of A that is: compute the product.",
        lambda a, b, ba: (a or b, not b, not a),
    ),
    _says(
        "quiet and loud exchanged",
        "Quiet means that the output is the base's: BA = 0.",
        lambda a, b, ba: (not ba, not b, not a),
    ),
    SUMS,
    Mistake(
        "small taken for 0",
        lambda a, b: {**right(a, b), "quiet": not bool(((b @ a).abs() > SMALL).any())},
        "A small update is an update, and grows: ask whether any entry is not 0.",
    ),
)
MOVES = (
    _says(
        "A and B exchanged",
        "A's gradient is s·(G B)ᵀ x: it is 0 where B is 0, whatever A is. Likewise for B.",
        lambda a, b, ba: (ba, not a, not b),
    ),
    _says(
        "what is 0 stays 0",
        "In the gradient of a matrix the other one stands: at B = 0 it is B that moves, not A.",
        lambda a, b, ba: (ba, not a and b, not b and a),
    ),
    _says(
        "the product asked",
        "BA = 0 does not stop training: the gradients hold A alone and B alone.",
        lambda a, b, ba: (ba, not ba, not ba),
    ),
    _says(
        "everything moves",
        "Where one matrix is 0, the other one's gradient is 0 in the first step.",
        lambda a, b, ba: (ba, True, True),
    ),
    SUMS,
)


def check_quiet(answer: Answer, draws: random.Random) -> None:
    """Whether the start leaves the output as it is."""
    compare(answer, FUNCTION, _cases(draws), right, QUIET, keys=("quiet",))


def check_moves(answer: Answer, draws: random.Random) -> None:
    """Which of the two has a gradient."""
    compare(answer, FUNCTION, _cases(draws), right, MOVES, keys=("A_moves", "B_moves"))


def _cases(draws: random.Random) -> Sequence[list[Any]]:
    """The four starts in two shapes each, one that is quiet with neither matrix 0, six loud."""
    cases = []
    for d_out, d_in, rank in ((3, 2, 2), (4, 6, 2)):
        a, b = simple(draws, rank, d_in), simple(draws, d_out, rank)
        no_a, no_b = (0 * a).abs(), (0 * b).abs()
        cases += [[a, no_b], [no_a, b], [a, b], [no_a, no_b]]
        crossed_a, crossed_b = a.clone(), b.clone()
        crossed_a[0], crossed_b[:, 1] = 0, 0
        cases.append([crossed_a, crossed_b])
        # Three that are loud: entries that cancel, none above 0 with a 0 among them, small ones.
        sums_a, sums_b = no_a.clone(), no_b.clone()
        sums_a[0, :2], sums_b[:2, 0] = a[0, 0] * _signs(), b[0, 0] * _signs()
        below_a, below_b = -a.abs(), -b.abs()
        below_a[0, 0] = below_b[0, 0] = 0
        cases += [[sums_a, sums_b], [below_a, below_b], [a / 500, b / 500]]
        # An update that is nowhere below 0, or nowhere above it, and 0 in a column; one that is 0
        # everywhere but for one entry, in no row, column or diagonal that is looked at by itself.
        above_a = a.abs()
        above_a[:, 0] = 0
        one_a, one_b = no_a.clone(), no_b.clone()
        one_a[0, 1], one_b[-1, 0] = a[0, 1], b[-1, 0]
        cases += [[above_a, b.abs()], [-above_a, b.abs()], [one_a, one_b]]
    return cases


def _signs() -> Any:
    import torch

    return torch.tensor([1.0, -1.0])
