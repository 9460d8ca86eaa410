"""Chapter 4, question (d): the one-standard-error rule on fresh tables of accuracies."""

from __future__ import annotations

import itertools
import random
import statistics
from collections.abc import Callable
from typing import Any

from lora_course.checks.face import Face
from lora_course.checks.plain import show
from lora_course.checks.question import Mistake, WrongAnswerError, call_text, compare

FUNCTION = "choose_rank_by_hand"
RANKS = [4, 8, 16, 32]
KEYS = ("rank", "best_rank", "difference", "standard_error")

Table = list[list[float]]
"""Accuracies: a row a rank, a column a seed."""


def right_choice(ranks: list[int], accuracies: Table) -> dict[str, Any]:
    """The chosen rank, the best one, and the paired difference between them with its error."""
    best = _best(accuracies)
    return _pick(ranks, accuracies, best, _paired_error)


def _best(accuracies: Table) -> int:
    """Index of the best mean, the smallest on a tie."""
    means = [statistics.fmean(row) for row in accuracies]
    return means.index(max(means))


Spread = Callable[[list[float], list[float]], float]
"""Best rank's accuracies and another's -> how far apart still counts as a tie."""


def _gaps(best: list[float], row: list[float]) -> list[float]:
    return [b - a for a, b in zip(row, best, strict=True)]


def _paired_error(best: list[float], row: list[float]) -> float:
    return float(statistics.stdev(_gaps(best, row)) / len(row) ** 0.5)


def _unpaired_error(best: list[float], row: list[float]) -> float:
    return float(((statistics.variance(best) + statistics.variance(row)) / len(row)) ** 0.5)


def _population_error(best: list[float], row: list[float]) -> float:
    return float(statistics.pstdev(_gaps(best, row)) / len(row) ** 0.5)


def _deviation(best: list[float], row: list[float]) -> float:
    return float(statistics.stdev(_gaps(best, row)))


def _pick(ranks: list[int], accuracies: Table, best: int, spread: Spread) -> dict[str, Any]:
    for index, row in enumerate(accuracies):
        difference = statistics.fmean(_gaps(accuracies[best], row))
        error = 0.0 if index == best else spread(accuracies[best], row)
        if difference <= error:
            return dict(zip(KEYS, (ranks[index], ranks[best], difference, error), strict=True))
    raise AssertionError("the best rank ties with itself")


def _with_spread(spread: Spread) -> Callable[[list[int], Table], dict[str, Any]]:
    return lambda ranks, accuracies: _pick(ranks, accuracies, _best(accuracies), spread)


def _evidence(ranks: list[int], accuracies: Table, index: int) -> dict[str, Any]:
    best = _best(accuracies)
    row = accuracies[index]
    difference = statistics.fmean(_gaps(accuracies[best], row))
    error = 0.0 if index == best else _paired_error(accuracies[best], row)
    return dict(zip(KEYS, (ranks[index], ranks[best], difference, error), strict=True))


def _first_seed(ranks: list[int], accuracies: Table) -> dict[str, Any]:
    return _evidence(ranks, accuracies, _best([row[:1] for row in accuracies]))


MISTAKES = (
    Mistake(
        "always the best mean",
        lambda ranks, table: _evidence(ranks, table, _best(table)),
        "You took the rank with the best mean. A smaller rank that the best does not beat by more"
        " than one standard error costs less and is as good as far as this sweep can tell.",
    ),
    Mistake(
        "always the smallest",
        lambda ranks, table: _evidence(ranks, table, 0),
        "You took the smallest rank whatever the accuracies say: check how far behind it is.",
    ),
    Mistake(
        "always the largest",
        lambda ranks, table: _evidence(ranks, table, len(ranks) - 1),
        "You took the largest rank whatever the accuracies say.",
    ),
    Mistake(
        "unpaired standard error",
        _with_spread(_unpaired_error),
        "You combined the spread of each rank's accuracies. A seed lifts or lowers every rank"
        " alike: take the differences seed by seed first, then their standard error.",
    ),
    Mistake(
        "standard deviation",
        _with_spread(_deviation),
        "You compared with the standard deviation of the differences. The standard error of"
        " their mean is smaller by sqrt(number of seeds).",
    ),
    Mistake(
        "divided by n",
        _with_spread(_population_error),
        "You divided the squared deviations by n (pstdev, or numpy's std without ddof=1). From a"
        " sample, divide by n − 1.",
    ),
    Mistake(
        "first seed only",
        _first_seed,
        "You looked at the first seed only: average each rank over its seeds.",
    ),
)


def _draw(draws: random.Random, seeds: int) -> Table:
    """A table with shared luck of the seed, diminishing returns, and a little own noise."""
    shared = [draws.gauss(0, 0.02) for _ in range(seeds)]
    level, gain = draws.uniform(0.6, 0.8), draws.uniform(0.002, 0.04)
    rows = []
    for _ in RANKS:
        rows.append([round(level + s + draws.gauss(0, 0.004), 4) for s in shared])
        level += gain
        gain *= draws.uniform(-0.3, 0.7)
    return rows


def telling_tables(draws: random.Random) -> list[Table]:
    """Fresh tables on which the right rule and the mistakes, each pair of them, choose apart."""
    rules = [right_choice, *(mistake.wrong for mistake in MISTAKES)]
    alike = set(itertools.combinations(range(len(rules)), 2))
    chosen: list[Table] = []
    while alike:
        table = _draw(draws, 4)
        ranks = [rule(RANKS, table)["rank"] for rule in rules]
        told_apart = {pair for pair in alike if ranks[pair[0]] != ranks[pair[1]]}
        if told_apart:
            chosen.append(table)
            alike -= told_apart
    return chosen


def check_choice(face: Face, draws: random.Random) -> None:
    """The chosen rank is right on every table."""
    _compare(face, draws, ("rank",))


def check_evidence(face: Face, draws: random.Random) -> None:
    """Best rank, paired difference and its standard error are right too."""
    _compare(face, draws, KEYS)


def _compare(face: Face, draws: random.Random, keys: tuple[str, ...]) -> None:
    cases = [[RANKS, table] for table in telling_tables(draws)]

    def cut(answer: dict[str, Any]) -> dict[str, Any]:
        return {key: answer[key] for key in keys}

    mistakes = [
        Mistake(m.name, lambda ranks, table, m=m: cut(m.wrong(ranks, table)), m.message)
        for m in MISTAKES
    ]
    compare(
        _OnlyKeys(face, keys),
        FUNCTION,
        cases,
        lambda ranks, table: cut(right_choice(ranks, table)),
        mistakes,
        tolerance=1e-6,
    )


class _OnlyKeys:
    """A face that leaves of each returned dict the keys that a part looks at."""

    def __init__(self, face: Face, keys: tuple[str, ...]) -> None:
        self._face, self._keys = face, keys

    def call(self, *arguments: Any) -> Any:
        value = self._face.call(*arguments)
        if type(value) is not dict:
            return value
        return {key: value[key] for key in self._keys if key in value}

    def seconds(self) -> float:
        return self._face.seconds()


def check_one_seed(face: Face, draws: random.Random) -> None:
    """With one seed there is no standard error: the honest answer is rank None."""
    table = [row[:1] for row in _draw(draws, 1)]
    arguments = [RANKS, table]
    value = face.call(*arguments)
    called = call_text(FUNCTION, arguments)
    if type(value) is not dict or "rank" not in value:
        raise WrongAnswerError(
            "Return the dict as for other tables, with rank None.",
            called,
            show(value),
            "{'rank': None, …}",
            "another type",
        )
    if value["rank"] is not None:
        raise WrongAnswerError(
            "One seed has no spread, so nothing says whether a gap is luck: answer rank None.",
            called,
            show(value),
            "{'rank': None, …}",
            "one seed trusted",
        )
