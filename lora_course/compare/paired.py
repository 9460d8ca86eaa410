"""Runs paired over seeds, as in `selection`: the choice of a rank, and differences in any value."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lora_course.compare.records import Comparison, Run
from lora_course.core.results import standard_error
from lora_course.core.selection import RankChoice, choose_from

CAP = 5.0  # beyond this many standard errors, more of them make no diagnosis likelier


@dataclass(frozen=True)
class Difference:
    """Mean of paired differences and its standard error (NaN for fewer than two pairs)."""

    mean: float
    error: float

    @classmethod
    def of(cls, first: Sequence[float], second: Sequence[float]) -> Difference:
        """Of first − second, pair by pair; NaN where there are no pairs."""
        gaps = [a - b for a, b in zip(first, second, strict=True)]
        return cls(statistics.fmean(gaps) if gaps else math.nan, standard_error(gaps))

    @property
    def errors(self) -> float:
        """The mean in standard errors, within ±CAP; 0 where there is no standard error."""
        if math.isnan(self.error) or self.mean == 0:
            return 0.0
        return max(-CAP, min(CAP, self.mean / self.error if self.error else self.mean * math.inf))

    def __str__(self) -> str:
        return f"{abs(self.mean):.4f} ± {self.error:.4f}"


def finite(run: Run) -> bool:
    """Whether all scores and losses of the run are finite; a diverged run's are not."""
    return all(map(math.isfinite, (run.score, run.train_score, run.test_loss, run.train_loss)))


def paired_scores(runs: Sequence[Run], value: Callable[[Run], float]) -> dict[int, list[float]]:
    """rank -> values, in ascending order of the seeds that every rank has; never the ends.

    A run whose value is not finite counts as not there. ValueError for two runs of one rank and
    seed.
    """
    table: dict[int, dict[int, float]] = {}
    for run in runs:
        if isinstance(run.rank, int) and math.isfinite(value(run)):
            row = table.setdefault(run.rank, {})
            if run.seed in row:
                raise ValueError(f"runs: rank {run.rank} has two runs of seed {run.seed}")
            row[run.seed] = value(run)
    seeds = set.intersection(*map(set, table.values())) if table else set()
    return {rank: [row[seed] for seed in sorted(seeds)] for rank, row in sorted(table.items())}


def paired_seeds(runs: Sequence[Run]) -> tuple[int, ...]:
    """The seeds that every rank has finished, ascending."""
    table = paired_scores([run for run in runs if finite(run)], lambda run: run.seed)
    return tuple(int(seed) for seed in next(iter(table.values()), []))


def choose(comparison: Comparison) -> RankChoice | None:
    """`selection.choose_from` on the paired seeds; None where no seed was run at every rank."""
    runs, metric = [run for run in comparison.runs if finite(run)], comparison.metric
    table = paired_scores(runs, lambda run: run.score)
    if not any(table.values()):
        return None
    return choose_from(table, metric=metric.name, higher_is_better=metric.higher_is_better)
