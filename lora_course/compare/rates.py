"""Several learning rates: each rank is compared at the one at which it does best."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace

from lora_course.compare.paired import finite
from lora_course.compare.records import FULL, Comparison, Rank, Run


def complete(comparison: Comparison) -> list[Run]:
    """The runs of those seeds of a rank that have been run at each of its rates.

    Others wait: a rate must not be judged by seeds that its rivals have not had.
    """
    everything = comparison.everything
    seen: dict[tuple[Rank, int], set[float]] = {}
    for run in everything:
        seen.setdefault((run.rank, run.seed), set()).add(run.learning_rate)

    def asked(rank: Rank) -> set[float]:
        return set(comparison.full_rates if rank == FULL else comparison.rates)

    return [run for run in everything if seen[run.rank, run.seed] >= asked(run.rank)]


def scores_by_rate(comparison: Comparison) -> dict[Rank, dict[float, list[float]]]:
    """rank -> learning rate -> held-out metrics of the complete seeds, NaN for diverged runs."""
    table: dict[Rank, dict[float, list[float]]] = {}
    for run in complete(comparison):
        score = run.score if finite(run) else math.nan
        table.setdefault(run.rank, {}).setdefault(run.learning_rate, []).append(score)
    return table


def best_rates(comparison: Comparison) -> dict[Rank, float]:
    """rank -> the learning rate with its best mean held-out metric.

    A rate at which fewer runs diverged comes first; of equals the smaller one.
    """
    sign = 1 if comparison.metric.higher_is_better else -1
    best: dict[Rank, float] = {}
    for rank, rates in scores_by_rate(comparison).items():
        places = []
        for rate, scores in rates.items():
            kept = [score for score in scores if math.isfinite(score)]
            mean = sign * statistics.fmean(kept) if kept else -math.inf
            places.append((len(kept), mean, -rate))
        best[rank] = -max(places)[2]
    return best


def at_best_rates(comparison: Comparison) -> Comparison:
    """The same runs, those of complete seeds at each rank's best rate apart from the others."""
    best = best_rates(comparison)
    chosen = [run for run in complete(comparison) if run.learning_rate == best[run.rank]]
    kept = {run.job for run in chosen}
    others = [run for run in comparison.everything if run.job not in kept]
    return replace(comparison, runs=tuple(chosen), others=tuple(others))


def at_rate(comparison: Comparison, rate: float) -> Comparison:
    """Only the adapters' runs at one learning rate."""
    runs = [
        run
        for run in comparison.everything
        if run.learning_rate == rate and isinstance(run.rank, int)
    ]
    return replace(comparison, runs=tuple(runs), others=())


def notes_on_rates(comparison: Comparison) -> list[str]:
    """How the rates were chosen, and which ranks ask for one that was not tried."""
    rates = comparison.rates
    best = {r: rate for r, rate in best_rates(comparison).items() if isinstance(r, int)}
    if not rates or not best:
        return []
    if len(rates) == 1:
        wider = " ".join(f"{rates[0] * factor:g}" for factor in (0.5, 1, 2))
        return [
            f"Only the learning rate {rates[0]:g} was tried, and it may suit one rank better than"
            f" another: --learning-rate {wider} compares each rank at its best one. What is"
            " finished counts."
        ]
    notes = [
        "Each rank is compared at the learning rate with its best mean on the held-out examples,"
        " which flatters each a little."
    ]
    for edge, word in ((rates[0], "smallest"), (rates[-1], "largest")):
        at_edge = [str(rank) for rank, rate in best.items() if rate == edge]
        if at_edge:
            notes.append(
                f"At the {word} learning rate tried, {edge:g}, these ranks did best:"
                f" {', '.join(at_edge)}. Beyond it they may do better still."
            )
    return notes
