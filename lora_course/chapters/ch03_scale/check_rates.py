"""Chapter 3, question (c): each rank at its best learning rate, and whether the grid was wide."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from lora_course.checks.answer import Answer
from lora_course.checks.question import Mistake, compare

FUNCTION = "best_rates"
Table = dict[int, dict[float, float]]


def right(accuracies: Table) -> dict[str, Any]:
    """For each rank its best rate; the ranks whose best is the lowest or highest rate tried."""
    best = {rank: max(by_rate, key=by_rate.__getitem__) for rank, by_rate in accuracies.items()}
    return {"rates": best, "at_edge": _at_edge(accuracies, best)}


def _at_edge(accuracies: Table, best: dict[int, float], edges: Any = (min, max)) -> list[int]:
    """The ranks, in the table's order, whose rate in `best` is one of its edges."""
    return [
        rank
        for rank, by_rate in accuracies.items()
        if best[rank] in [edge(by_rate) for edge in edges]
    ]


def _with(rates: Callable[[Table], Any] | None = None, edge: Any = None) -> Any:
    """A wrong answer: other rates, or other ranks at an edge."""

    def wrong(accuracies: Table) -> dict[str, Any]:
        found = right(accuracies)
        if rates is not None:
            found["rates"] = rates(accuracies)
        if edge is not None:
            found["at_edge"] = edge(accuracies, found["rates"])
        return found

    return wrong


def _common(accuracies: Table) -> dict[int, float]:
    """The one rate at which all ranks together do best."""
    rates = next(iter(accuracies.values()))
    best = max(rates, key=lambda rate: sum(row[rate] for row in accuracies.values()))
    return dict.fromkeys(accuracies, best)


def _of_best(accuracies: Table) -> dict[int, float]:
    """The rate of the one best accuracy in the table, for every rank."""
    return dict.fromkeys(
        accuracies,
        max((value, rate) for row in accuracies.values() for rate, value in row.items())[1],
    )


def _first(row: dict[float, float]) -> float:
    return next(iter(row))


def _last(row: dict[float, float]) -> float:
    return next(reversed(row))


RATES = (
    Mistake(
        "one rate for all",
        _with(_common),
        "That is one rate for all ranks. Each rank has a best rate of its own.",
    ),
    Mistake(
        "the winner's rate for all",
        _with(_of_best),
        "That is the rate of the best run of all. Each rank has a best rate of its own.",
    ),
    Mistake(
        "the accuracy, not the rate",
        _with(lambda table: {rank: max(row.values()) for rank, row in table.items()}),
        "That is the best accuracy. Return the learning rate that gave it.",
    ),
    Mistake(
        "the worst",
        _with(lambda table: {rank: min(row, key=row.__getitem__) for rank, row in table.items()}),
        "That is the rate of the lowest accuracy: higher is better here.",
    ),
    Mistake(
        "the largest rate",
        _with(lambda table: {rank: max(row) for rank, row in table.items()}),
        "max over a dict compares its keys, the rates. Compare the accuracies.",
    ),
)
EDGES = (
    Mistake(
        "the upper edge only",
        _with(edge=lambda table, best: _at_edge(table, best, (max,))),
        "The lowest rate tried is an edge, too: a lower one may do better still.",
    ),
    Mistake(
        "the lower edge only",
        _with(edge=lambda table, best: _at_edge(table, best, (min,))),
        "The highest rate tried is an edge, too: a higher one may do better still.",
    ),
    Mistake(
        "the ranks inside",
        _with(
            edge=lambda table, best: [rank for rank in table if rank not in _at_edge(table, best)]
        ),
        "Those are the ranks whose best rate lies inside the grid.",
    ),
    Mistake(
        "the edges of the ranks",
        _with(edge=lambda table, best: [min(table), max(table)]),
        "Those are the lowest and the highest rank. What counts is where their best rate lies.",
    ),
    Mistake(
        "nobody at an edge",
        _with(edge=lambda table, best: []),
        "Some rank did best at the lowest or highest rate tried.",
    ),
    Mistake(
        "yes or no",
        _with(edge=lambda table, best: bool(_at_edge(table, best))),
        "List the ranks, so that one knows for which to widen the grid.",
    ),
    Mistake(
        "the rates, not the ranks",
        _with(edge=lambda table, best: [best[rank] for rank in _at_edge(table, best)]),
        "Those are the rates. List the ranks.",
    ),
    Mistake(
        "the first and last given",
        _with(edge=lambda table, best: _at_edge(table, best, (_first, _last))),
        "The rates need not be in order: look for the smallest and the largest.",
    ),
)


def check_rates(answer: Answer, draws: random.Random) -> None:
    """Each rank's best rate."""
    compare(answer, FUNCTION, _cases(draws), right, RATES, keys=("rates",))


def check_edges(answer: Answer, draws: random.Random) -> None:
    """The ranks whose best is at an edge of the grid: three tables with some, one with none."""
    compare(answer, FUNCTION, _cases(draws), right, EDGES, keys=("at_edge",), read=_in_order)


def _in_order(value: Any) -> Any:
    """The ranks sorted: in which order they are listed says nothing."""
    ranks = value.get("at_edge") if type(value) is dict else None
    if type(ranks) is not list or not all(type(rank) is int for rank in ranks):
        return value
    return {"at_edge": sorted(ranks)}


def _cases(draws: random.Random) -> list[list[Table]]:
    """Tables whose ranks do best at these places of the grid of five rates."""
    rates = [0.001, 0.002, 0.004, 0.008, 0.016]
    cases = []
    for number, places in enumerate(((3, 4, 0), (2, 1, 4), (0, 3, 1), (3, 2, 1))):
        # In one table the rates are out of order, and two ranks do best at the ends of that.
        order = rates[2:] + rates[:2] if number == 1 else rates
        table: Table = {}
        for rank, best in zip((4, 16, 64), places, strict=True):
            # Rank 64's best run is the best of all, and in the first table not at the common rate.
            top = draws.uniform(0.8, 0.84) + 0.06 * (rank == 64)
            fall = draws.uniform(0.03, 0.05)
            row = {
                rate: round(top - fall * abs(place - best) - draws.uniform(0, 0.009), 3)
                for place, rate in enumerate(rates)
            }
            table[rank] = {rate: row[rate] for rate in order}
        cases.append([table])
    return cases
