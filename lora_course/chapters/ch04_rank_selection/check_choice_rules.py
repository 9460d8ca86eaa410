"""Chapter 4, question (d): the one-standard-error rule, and the arithmetic that rules are made of.

A rule takes ranks and accuracies and returns what a learner who follows it would return.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

KEYS = ("rank", "best_rank", "difference", "standard_error")

Table = list[list[float]]
"""Accuracies: a row a rank, a column a seed."""

Rule = Callable[[list[int], Table], dict[str, Any]]

Spread = Callable[[list[float], list[float]], float]
"""Best rank's accuracies and another's -> how far apart still counts as a tie."""


def right_choice(ranks: list[int], accuracies: Table) -> dict[str, Any]:
    """The chosen rank, the best one, and the paired difference between them with its error."""
    return pick(ranks, accuracies, best_index(accuracies), paired_error)


def best_index(accuracies: Table) -> int:
    """Index of the best mean, the smallest on a tie."""
    means = [mean(row) for row in accuracies]
    return means.index(max(means))


def mean(values: Sequence[float]) -> float:
    """The mean."""
    return math.fsum(values) / len(values)


def gaps(best: list[float], row: list[float]) -> list[float]:
    """Best rank's accuracies minus another's, seed by seed."""
    return [b - a for a, b in zip(row, best, strict=True)]


def paired_error(best: list[float], row: list[float]) -> float:
    """The standard error of the mean gap."""
    return deviation(gaps(best, row)) / math.sqrt(len(row))


def deviation(values: Sequence[float]) -> float:
    """The sample's standard deviation, by n − 1."""
    middle = mean(values)
    return math.sqrt(math.fsum((v - middle) ** 2 for v in values) / (len(values) - 1))


def pick(ranks: list[int], accuracies: Table, best: int, spread: Spread) -> dict[str, Any]:
    """The first rank that is no further behind the best than `spread`."""
    for index, row in enumerate(accuracies):
        difference = mean(gaps(accuracies[best], row))
        error = 0.0 if index == best else spread(accuracies[best], row)
        if difference <= error:
            return dict(zip(KEYS, (ranks[index], ranks[best], difference, error), strict=True))
    raise AssertionError("the best rank ties with itself")


def evidence(ranks: list[int], accuracies: Table, index: int) -> dict[str, Any]:
    """The answer for the rank at `index`, whatever made one choose it."""
    best = best_index(accuracies)
    row = accuracies[index]
    difference = mean(gaps(accuracies[best], row))
    error = 0.0 if index == best else paired_error(accuracies[best], row)
    return dict(zip(KEYS, (ranks[index], ranks[best], difference, error), strict=True))
