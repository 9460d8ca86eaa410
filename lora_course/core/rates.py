"""Several learning rates: each rank is judged by its runs at the one at which it does best."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence

from lora_course.core.results import RankExperiment, single_runs


def edge(rate: float, rates: Iterable[float]) -> str:
    """Which edge of the `rates` tried `rate` is, "smallest" or "largest"; "" where it lies inside.

    A rate that is best at an edge says little: one beyond may be better still.
    """
    rates = list(rates)
    return {min(rates): "smallest", max(rates): "largest"}.get(rate, "")


def at_best_rates(sweeps: Mapping[float, Sequence[RankExperiment]]) -> list[RankExperiment]:
    """The runs of each rank at the learning rate with its best mean accuracy, ranks ascending.

    `sweeps`: learning rate -> the experiments of one sweep; all of the same ranks and seeds. Of
    equally good rates the smaller one is taken. ValueError where a rank does best at the smallest
    or largest rate: a rate beyond may be better still, so add one.
    """
    if len(sweeps) < 3:
        raise ValueError(f"sweeps: {len(sweeps)} learning rates; a best one inside takes three")
    by_rate = {rate: single_runs(sweep) for rate, sweep in sorted(sweeps.items())}
    held = {rate: sorted((run.rank, run.seed) for run in runs) for rate, runs in by_rate.items()}
    lowest = min(by_rate)
    for rate, pairs in held.items():
        if pairs != held[lowest]:
            raise ValueError(
                f"sweeps: at rate {rate:g} other ranks or seeds were run than at {lowest:g}; run"
                " the same at each"
            )
    chosen = []
    for rank in sorted({rank for rank, _ in held[lowest]}):
        runs = {r: [run for run in every if run.rank == rank] for r, every in by_rate.items()}
        means = {r: statistics.fmean(run.accuracy for run in own) for r, own in runs.items()}
        if not all(map(math.isfinite, means.values())):
            raise ValueError(f"sweeps: rank {rank} has an accuracy that is not a number")
        best = max(means, key=means.__getitem__)
        word = edge(best, means)
        if word:
            factor = 0.5 if word == "smallest" else 2
            raise ValueError(
                f"sweeps: rank {rank} does best at {best:g}, the {word} rate tried; add"
                f" {best * factor:g}, where it may do better still"
            )
        chosen += runs[best]
    return chosen
