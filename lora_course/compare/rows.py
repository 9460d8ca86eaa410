"""What the runs of each rank come to: means, standard errors and costs, a row a rank."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lora_course.compare.paired import finite, paired_seeds
from lora_course.compare.records import FULL, HEAD, Comparison, Metric, Rank, Run
from lora_course.core.results import standard_error


@dataclass(frozen=True)
class RankRow:
    """One rank or end: means ± standard errors over `seeds` runs, medians of what they cost.

    Over the paired seeds where there are any, else over the seeds that the rank has. Memory is in
    MB of 10^6 bytes, None where it was not measured or predicted. Times are seconds a run.
    """

    rank: Rank
    learning_rate: float
    alpha: float
    trainable_params: int
    seeds: int
    score: float
    score_error: float
    train_score: float
    train_error: float
    test_loss: float
    train_loss: float
    cpu_seconds: float
    wall_seconds: float
    predicted_mb: float | None
    measured_mb: float | None


def in_order(runs: Sequence[Run]) -> list[Run]:
    """The runs as files and tables show them: HEAD, ranks ascending, FULL; by seed, by rate."""
    return sorted(runs, key=lambda run: (_place(run.rank), run.seed, run.learning_rate))


def _place(rank: Rank) -> tuple[float, str]:
    if isinstance(rank, int):
        return float(rank), ""
    return (-math.inf if rank == HEAD else math.inf), rank


def rows(comparison: Comparison) -> list[RankRow]:
    """One row a rank that has a run, in the order of `in_order`; diverged runs count for none."""
    seeds = paired_seeds(comparison.runs)
    by_rank: dict[Rank, list[Run]] = {}
    for run in in_order([run for run in comparison.runs if finite(run)]):
        by_rank.setdefault(run.rank, []).append(run)
    return [
        _row(rank, [run for run in runs if run.seed in seeds] or runs)
        for rank, runs in by_rank.items()
    ]


def mean_scores(comparison: Comparison) -> dict[Rank, float]:
    """Rank or end -> its mean held-out metric, as in `rows`."""
    return {row.rank: row.score for row in rows(comparison)}


def _row(rank: Rank, runs: Sequence[Run]) -> RankRow:
    def mean(value: Callable[[Run], float]) -> float:
        return statistics.fmean(map(value, runs))

    def megabytes(key: str) -> float | None:
        known = [run.memory_mb[key] for run in runs if key in run.memory_mb]
        return statistics.median(known) if known else None

    return RankRow(
        rank=rank,
        learning_rate=runs[0].learning_rate,
        alpha=runs[0].alpha,
        trainable_params=runs[0].trainable_params,
        seeds=len(runs),
        score=mean(lambda run: run.score),
        score_error=standard_error([run.score for run in runs]),
        train_score=mean(lambda run: run.train_score),
        train_error=standard_error([run.train_score for run in runs]),
        test_loss=mean(lambda run: run.test_loss),
        train_loss=mean(lambda run: run.train_loss),
        cpu_seconds=statistics.median(run.cpu_seconds for run in runs),
        wall_seconds=statistics.median(run.wall_seconds for run in runs),
        predicted_mb=megabytes("predicted_total"),
        measured_mb=megabytes("total"),
    )


def name_of(row: RankRow) -> str:
    """The rank, or what an end is, in words."""
    if row.rank == HEAD:
        return "head only" if row.trainable_params else "no training"
    return "full tuning" if row.rank == FULL else str(row.rank)


def axis_label(metric: Metric) -> str:
    """The metric with its unit, for an axis or a column."""
    return f"{metric.name} ({metric.unit or '0 to 1'})"


def plus_minus(value: float, error: float) -> str:
    """A value with its standard error, where it has one: 0.8123 ± 0.0010."""
    return f"{value:.4f}" if math.isnan(error) else f"{value:.4f} ± {error:.4f}"


def amount(row: RankRow) -> str:
    """The held-out score of a row in words."""
    return plus_minus(row.score, row.score_error)
