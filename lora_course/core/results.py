"""What trainings measured: one experiment a run, one summary a rank, the printed table."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass
class RankExperiment:
    """One training at one rank: what it cost and what it reached.

    `accuracy` is on held-out examples, 0 to 1. `training_time_seconds` is the wall time of the
    training alone; NaN where runs were trained together and no run has a time of its own.
    `adapter` holds the trained weights (see `layers.adapter_state`).
    """

    rank: int
    alpha: float
    trainable_params: int
    accuracy: float
    training_time_seconds: float
    seed: int = 0
    adapter: dict[str, Tensor] | None = field(default=None, repr=False, compare=False)


@dataclass
class RankMean(RankExperiment):
    """All runs of one rank in one: mean accuracy, mean time, and the runs themselves.

    `standard_error` is that of the mean accuracy over seeds. `seed` and `adapter` are each run's
    own: see `runs`. Where experiments are asked for, as in `choose_rank`, a mean stands for its
    runs.
    """

    standard_error: float = math.nan
    runs: list[RankExperiment] = field(default_factory=list, repr=False, compare=False)


def _mean(runs: Sequence[RankExperiment]) -> RankMean:
    """The mean of runs that differ in nothing but the seed."""
    first, accuracies = runs[0], [run.accuracy for run in runs]
    return RankMean(
        rank=first.rank,
        alpha=first.alpha,
        trainable_params=first.trainable_params,
        accuracy=statistics.fmean(accuracies),
        training_time_seconds=statistics.fmean(run.training_time_seconds for run in runs),
        standard_error=standard_error(accuracies),
        runs=list(runs),
    )


def single_runs(experiments: Sequence[RankExperiment]) -> list[RankExperiment]:
    """The experiments with the runs of a mean in its place."""
    return [
        run for one in experiments for run in (one.runs if isinstance(one, RankMean) else [one])
    ]


@dataclass(frozen=True)
class RankSummary:
    """All runs of one rank: mean accuracy ± its standard error over seeds, median seconds."""

    rank: int
    alpha: float
    trainable_params: int
    accuracy: float
    standard_error: float
    seconds: float
    seeds: int


def summarize(experiments: Sequence[RankExperiment]) -> list[RankSummary]:
    """One line a rank, in the order in which the ranks first appear."""
    if not experiments:
        raise ValueError("experiments=[]: is empty; run a sweep first")
    by_rank = _by_rank(single_runs(experiments))
    return [
        RankSummary(
            rank=rank,
            alpha=runs[0].alpha,
            trainable_params=runs[0].trainable_params,
            accuracy=statistics.fmean(run.accuracy for run in runs),
            standard_error=standard_error([run.accuracy for run in runs]),
            seconds=statistics.median(run.training_time_seconds for run in runs),
            seeds=len(runs),
        )
        for rank, runs in by_rank.items()
    ]


def means(experiments: Sequence[RankExperiment]) -> list[RankMean]:
    """One experiment a rank, the mean of its runs, in the order in which the ranks first appear."""
    return [_mean(runs) for runs in _by_rank(experiments).values()]


def _by_rank(experiments: Sequence[RankExperiment]) -> dict[int, list[RankExperiment]]:
    found: dict[int, list[RankExperiment]] = {}
    for run in experiments:
        found.setdefault(run.rank, []).append(run)
    return found


def standard_error(values: Sequence[float]) -> float:
    """Standard error of the mean, s/sqrt(n) with s over n − 1; NaN for fewer than two values."""
    if len(values) < 2:
        return math.nan
    return statistics.stdev(values) / math.sqrt(len(values))


def print_comparison(experiments: Sequence[RankExperiment]) -> None:
    """Print one line a rank: parameters, accuracy ± standard error over seeds, time a run."""
    print(f"{'rank':>4} {'alpha':>6} {'params':>8}  accuracy (± standard error)   time a run")
    for row in summarize(experiments):
        error = "one seed" if math.isnan(row.standard_error) else f"± {row.standard_error:.4f}"
        seconds = "trained together" if math.isnan(row.seconds) else f"{row.seconds:.2f} s"
        print(
            f"{row.rank:>4} {row.alpha:>6.4g} {row.trainable_params:>8,}  {row.accuracy:.4f}"
            f" {error:>10} ({row.seeds} seed{'s' * (row.seeds > 1)})   {seconds:>10}"
        )
