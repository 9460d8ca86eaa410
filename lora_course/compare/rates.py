"""Several learning rates: each rank is compared at the one at which it does best."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace

from lora_course.compare.paired import finite
from lora_course.compare.records import FULL, Comparison, Rank, Run


def scores_by_rate(runs: Sequence[Run]) -> dict[Rank, dict[float, float]]:
    """rank -> learning rate -> mean held-out metric, for rates with as many runs as any."""
    table: dict[Rank, dict[float, list[float]]] = {}
    for run in runs:
        if finite(run):
            table.setdefault(run.rank, {}).setdefault(run.learning_rate, []).append(run.score)
    found: dict[Rank, dict[float, float]] = {}
    for rank, rates in table.items():
        most = max(map(len, rates.values()))
        found[rank] = {
            rate: statistics.fmean(scores)
            for rate, scores in sorted(rates.items())
            if len(scores) == most
        }
    return found


def best_rates(comparison: Comparison) -> dict[Rank, float]:
    """rank -> the learning rate with its best mean held-out metric; the smaller one of equals."""
    sign = 1 if comparison.metric.higher_is_better else -1
    best: dict[Rank, float] = {}
    for rank, rates in scores_by_rate((*comparison.runs, *comparison.others)).items():
        _, smallest = max((sign * score, -rate) for rate, score in rates.items())
        best[rank] = -smallest
    return best


def at_best_rates(comparison: Comparison) -> Comparison:
    """The same runs, those at each rank's best rate apart from the others."""
    everything = (*comparison.runs, *comparison.others)
    best = best_rates(comparison)

    def chosen(run: Run) -> bool:
        # A rank of which no run is finite has no best rate: its runs all stay, to be told of.
        return run.learning_rate == best.get(run.rank, run.learning_rate)

    return replace(
        comparison,
        runs=tuple(run for run in everything if chosen(run)),
        others=tuple(run for run in everything if not chosen(run)),
    )


def at_rate(comparison: Comparison, rate: float) -> Comparison:
    """Only the adapters' runs at one learning rate."""
    runs = [
        run
        for run in (*comparison.runs, *comparison.others)
        if run.learning_rate == rate and isinstance(run.rank, int)
    ]
    return replace(comparison, runs=tuple(runs), others=())


def tried(comparison: Comparison) -> list[float]:
    """The learning rates of the adapters, ascending."""
    runs = (*comparison.runs, *comparison.others)
    return sorted({run.learning_rate for run in runs if run.rank != FULL})


def notes_on_rates(comparison: Comparison) -> list[str]:
    """How the rates were chosen, and which ranks ask for one that was not tried."""
    rates = tried(comparison)
    if len(rates) == 1:
        wider = " ".join(f"{rates[0] * factor:g}" for factor in (0.5, 1, 2))
        return [
            f"Only the learning rate {rates[0]:g} was tried, and it may suit one rank better than"
            f" another: --learning-rate {wider} compares each rank at its best one. What is"
            " finished counts."
        ]
    if not rates:
        return []
    best = best_rates(comparison)
    notes = [
        "Each rank is compared at the learning rate with its best mean on the held-out examples,"
        " which flatters all ranks alike."
    ]
    for edge, word in ((rates[0], "smallest"), (rates[-1], "largest")):
        at_edge = [
            str(rank) for rank, rate in best.items() if rate == edge and isinstance(rank, int)
        ]
        if at_edge:
            notes.append(
                f"At the {word} learning rate tried, {edge:g}, these ranks did best:"
                f" {', '.join(at_edge)}. Beyond it they may do better still."
            )
    return notes
