"""Chapter 4, question (d): the rules that learners take for the one-standard-error rule."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

from lora_course.chapters.ch04_rank_selection.check_choice_rules import (
    Rule,
    Spread,
    Table,
    best_index,
    deviation,
    evidence,
    gaps,
    mean,
    paired_error,
    pick,
)
from lora_course.checks.question import Mistake

THRESHOLDS = (0.002, 0.005, 0.01, 0.02)


def _unpaired_error(best: list[float], row: list[float]) -> float:
    return math.hypot(deviation(best), deviation(row)) / math.sqrt(len(row))


def _scaled(factor: Callable[[int], float]) -> Rule:
    """The right rule with the standard error multiplied by a factor of the number of seeds."""
    return _with_spread(lambda best, row: factor(len(row)) * paired_error(best, row))


def _with_spread(spread: Spread) -> Rule:
    return lambda ranks, accuracies: pick(ranks, accuracies, best_index(accuracies), spread)


def _chosen_by(spread: Spread) -> Rule:
    """Chosen by `spread`, and defended by the paired standard error."""

    def rule(ranks: list[int], accuracies: Table) -> dict[str, Any]:
        chosen = pick(ranks, accuracies, best_index(accuracies), spread)["rank"]
        return evidence(ranks, accuracies, ranks.index(chosen))

    return rule


def _close(accuracies: Table) -> list[bool]:
    """For each rank, whether the best is ahead by at most one standard error."""
    best = accuracies[best_index(accuracies)]
    return [mean(gaps(best, row)) <= paired_error(best, row) for row in accuracies]


def _down_from_best(ranks: list[int], accuracies: Table) -> dict[str, Any]:
    close, index = _close(accuracies), best_index(accuracies)
    while index > 0 and close[index - 1]:
        index -= 1
    return evidence(ranks, accuracies, index)


def _down_from_largest(ranks: list[int], accuracies: Table) -> dict[str, Any]:
    close, index = _close(accuracies), len(ranks) - 1
    if not close[index]:
        return evidence(ranks, accuracies, best_index(accuracies))
    while index > 0 and close[index - 1]:
        index -= 1
    return evidence(ranks, accuracies, index)


def _largest_close(ranks: list[int], accuracies: Table) -> dict[str, Any]:
    close = _close(accuracies)
    return evidence(ranks, accuracies, max(i for i, near in enumerate(close) if near))


def _against_the_next(ranks: list[int], accuracies: Table) -> dict[str, Any]:
    for index, (row, following) in enumerate(itertools.pairwise(accuracies)):
        if mean(gaps(following, row)) <= paired_error(following, row):
            return evidence(ranks, accuracies, index)
    return evidence(ranks, accuracies, len(ranks) - 1)


def _best_of_first_seed(ranks: list[int], accuracies: Table) -> dict[str, Any]:
    return evidence(ranks, accuracies, best_index([row[:1] for row in accuracies]))


def _rule_from_first_seed(ranks: list[int], accuracies: Table) -> dict[str, Any]:
    return pick(ranks, accuracies, best_index([row[:1] for row in accuracies]), paired_error)


def _luckiest(ranks: list[int], accuracies: Table) -> dict[str, Any]:
    return pick(ranks, accuracies, best_index([[max(row)] for row in accuracies]), paired_error)


def _many(name: str, message: str, *rules: Rule) -> list[Mistake]:
    """One mistake with several ways to write it."""
    return [Mistake(name, rule, message) for rule in rules]


def _threshold(limit: float) -> Rule:
    return _chosen_by(lambda best, row: limit)


MISTAKES: tuple[Mistake, ...] = (
    *_many(
        "always the best mean",
        "You took the rank with the best mean. A smaller rank that the best does not beat by more"
        " than one standard error costs less and is as good as far as this sweep can tell.",
        lambda ranks, table: evidence(ranks, table, best_index(table)),
    ),
    *_many(
        "always the smallest",
        "You took the smallest rank whatever the accuracies say: check how far behind it is.",
        lambda ranks, table: evidence(ranks, table, 0),
    ),
    *_many(
        "always the largest",
        "You took the largest rank whatever the accuracies say.",
        lambda ranks, table: evidence(ranks, table, len(ranks) - 1),
    ),
    *_many(
        "unpaired standard error",
        "You combined the spread of each rank's accuracies. A seed lifts or lowers every rank"
        " alike: take the differences seed by seed first, then their standard error.",
        _with_spread(_unpaired_error),
    ),
    *_many(
        "one rank's own standard error",
        "You took the standard error of one rank's accuracies. A seed lifts or lowers every rank"
        " alike: take the differences seed by seed first, then their standard error.",
        _with_spread(lambda best, row: deviation(best) / math.sqrt(len(best))),
        _with_spread(lambda best, row: deviation(row) / math.sqrt(len(row))),
    ),
    *_many(
        "standard deviation",
        "You compared with the standard deviation of the differences. The standard error of"
        " their mean is smaller by sqrt(number of seeds).",
        _scaled(math.sqrt),
        _chosen_by(lambda best, row: deviation(gaps(best, row))),
    ),
    *_many(
        "divided by n",
        "You divided the squared deviations by n (pstdev, or numpy's std without ddof=1). From a"
        " sample, divide by n − 1.",
        _scaled(lambda n: math.sqrt((n - 1) / n)),
    ),
    *_many(
        "divided by the root of n − 1",
        "stdev has divided by n − 1 already. For the standard error of the mean, divide it by"
        " sqrt(n).",
        _scaled(lambda n: math.sqrt(n / (n - 1))),
    ),
    *_many(
        "divided by n, not its root",
        "You divided the standard deviation by n. For the standard error of the mean, divide it"
        " by sqrt(n).",
        _scaled(lambda n: 1 / math.sqrt(n)),
    ),
    *_many(
        "two standard errors",
        "You let the best be ahead by two standard errors. The question asks for one.",
        _scaled(lambda n: 2),
        _scaled(lambda n: 1.96),
        _chosen_by(lambda best, row: 2 * paired_error(best, row)),
        _chosen_by(lambda best, row: 1.96 * paired_error(best, row)),
    ),
    *_many(
        "a fixed threshold",
        "You compared with a fixed figure. How large a gap may be luck is for the seeds to say:"
        " compare with the standard error of the differences.",
        *map(_threshold, THRESHOLDS),
    ),
    *_many(
        "stopped at the first failure",
        "You walked down from the best rank and stopped at the first one that is too far behind."
        " A smaller one may be near again: go through all ranks, from the smallest up.",
        _down_from_best,
    ),
    *_many(
        "walked down from the largest",
        "You went through the ranks from the largest. Go from the smallest up, and take the first"
        " that is near enough to the best.",
        _down_from_largest,
        _largest_close,
    ),
    *_many(
        "compared with the next rank",
        "You compared each rank with the next larger one. Small steps can add up to a large gap:"
        " compare each rank with the best.",
        _against_the_next,
    ),
    *_many(
        "first seed only",
        "You looked at the first seed only: average each rank over its seeds.",
        _best_of_first_seed,
        _rule_from_first_seed,
    ),
    *_many(
        "best by its luckiest seed",
        "You took the rank with the highest single accuracy for the best: compare the means.",
        _luckiest,
    ),
)
