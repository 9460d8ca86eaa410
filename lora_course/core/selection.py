"""Choosing a rank from measured runs: the smallest that the best does not clearly beat."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from lora_course.core.results import RankExperiment, single_runs, standard_error


@dataclass(frozen=True)
class RankComparison:
    """One rank against the best: its mean score, how far it is behind, and the standard error.

    `difference` is the mean paired difference, positive where the best is ahead, whether the
    metric is better high or low.
    """

    rank: int
    score: float
    difference: float
    standard_error: float

    @property
    def close_enough(self) -> bool:
        """Whether the best is ahead by at most one standard error."""
        return self.difference <= self.standard_error


@dataclass(frozen=True)
class RankChoice:
    """The chosen rank, the best one, every rank's comparison with it, and the reasons in words.

    `decided` is False when the sweep cannot tell: fewer than two seeds, no rank distinguishable
    from any other, or the best rank at the edge of the sweep.
    """

    rank: int
    best_rank: int
    comparisons: tuple[RankComparison, ...]
    decided: bool
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        head = f"Choose rank {self.rank}" if self.decided else f"Cannot tell; for now {self.rank}"
        return "\n".join([f"{head}.", *(f"- {reason}" for reason in self.reasons)])


def paired_accuracies(experiments: Sequence[RankExperiment]) -> dict[int, list[float]]:
    """rank -> accuracies, in the same order of seeds for each; ValueError unless paired."""
    if not experiments:
        raise ValueError("experiments=[]: is empty; run a sweep first")
    table: dict[int, dict[int, float]] = {}
    for run in single_runs(experiments):
        runs = table.setdefault(run.rank, {})
        if run.seed in runs:
            raise ValueError(f"experiments: rank {run.rank} has two runs of seed {run.seed}")
        if not math.isfinite(run.accuracy):
            raise ValueError(
                f"experiments: rank {run.rank}, seed {run.seed} has accuracy {run.accuracy}"
            )
        runs[run.seed] = run.accuracy
    seeds = {rank: set(runs) for rank, runs in table.items()}
    first = next(iter(seeds.values()))
    for rank, own in seeds.items():
        if own != first:
            raise ValueError(
                f"experiments: rank {rank} was run with seeds {sorted(own)}, another rank with"
                f" {sorted(first)}; pairs need the same seeds at every rank"
            )
    return {rank: [runs[seed] for seed in sorted(first)] for rank, runs in sorted(table.items())}


def choose_rank(experiments: Sequence[RankExperiment]) -> RankChoice:
    """The smallest rank whose mean accuracy lies within one standard error of the best's.

    The standard error is that of the paired difference: d_s = best_s − rank_s over seeds s, which
    cancels what a seed does to every rank alike; se = stdev(d)/sqrt(n). The one-standard-error
    rule is Breiman et al.'s (Classification and Regression Trees, 1984, section 3.4.3).
    """
    return choose_from(paired_accuracies(experiments))


def choose_from(
    table: Mapping[int, Sequence[float]], *, metric: str = "accuracy", higher_is_better: bool = True
) -> RankChoice:
    """The rule of `choose_rank` for any metric. `table`: rank -> scores, seeds in one order.

    Where lower is better, the differences are rank_s − best_s, so that a positive one is still
    what the rank is behind.
    """
    _require_pairs(table)
    sign = 1 if higher_is_better else -1
    means = {rank: statistics.fmean(values) for rank, values in sorted(table.items())}
    best = max(means, key=lambda rank: (sign * means[rank], -rank))
    seeds = len(table[best])
    comparisons = []
    for rank, mean in means.items():
        gaps = [sign * (b - a) for a, b in zip(table[rank], table[best], strict=True)]
        error = 0.0 if rank == best else standard_error(gaps)
        comparisons.append(RankComparison(rank, mean, statistics.fmean(gaps), error))
    if seeds < 2:
        return RankChoice(
            best,
            best,
            tuple(comparisons),
            False,
            (
                f"One seed says nothing about its own luck: rank {best} came out best, but no"
                " standard error can be computed. Run at least three seeds.",
            ),
        )
    chosen = next(c for c in comparisons if c.close_enough)
    rising = f"{metric} may still be {'rising' if higher_is_better else 'falling'}"
    reasons, decided = _reasons(chosen, best, comparisons, seeds, metric, rising)
    return RankChoice(chosen.rank, best, tuple(comparisons), decided, tuple(reasons))


def p_value_of_ranks(table: Mapping[int, Sequence[float]]) -> float:
    """How often ranks that differ by luck alone would differ by as much as these, 0 to 1.

    The p-value of the F test of the ranks in a layout of ranks × seeds (Fisher's two-way analysis
    of variance, without its tables: against 2,000 layouts of Gaussian luck). It takes all ranks at
    once; of several comparisons with the best, one passes a standard error by luck more often
    than not. These ranks count as one more layout of luck, which they may be: the share is never 0.
    1 for fewer than two ranks or seeds.
    """
    _require_pairs(table)
    rows = list(table.values())
    if len(rows) < 2 or len(rows[0]) < 2:
        return 1.0
    ratio, null = _spread(rows), _spreads_of_luck(len(rows), len(rows[0]))
    return (1 + sum(value >= ratio for value in null)) / (1 + len(null))


def _spread(rows: Sequence[Sequence[float]]) -> float:
    """Variance between the ranks' means over what neither rank nor seed explains."""
    means = [statistics.fmean(row) for row in rows]
    seeds = [statistics.fmean(column) for column in zip(*rows, strict=True)]
    middle = statistics.fmean(means)
    left = sum(
        (value - mean - seed + middle) ** 2
        for row, mean in zip(rows, means, strict=True)
        for value, seed in zip(row, seeds, strict=True)
    )
    between = sum((mean - middle) ** 2 for mean in means)
    return between / left if left else math.inf * between if between else 0.0


@lru_cache(maxsize=32)
def _spreads_of_luck(ranks: int, seeds: int) -> tuple[float, ...]:
    draws = random.Random(0)
    return tuple(
        _spread([[draws.gauss(0, 1) for _ in range(seeds)] for _ in range(ranks)])
        for _ in range(2000)
    )


def _require_pairs(table: Mapping[int, Sequence[float]]) -> None:
    """ValueError unless every rank has the same number of finite scores, and at least one."""
    if not table or not all(table.values()):
        raise ValueError("table: is empty, or a rank in it is; give each rank a score a seed")
    lengths = {rank: len(values) for rank, values in table.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(
            f"table: numbers of scores differ, {lengths}; pairs need the same seeds at every rank"
        )
    for rank, values in table.items():
        if not all(map(math.isfinite, values)):
            raise ValueError(f"table: rank {rank} has a score that is no finite number: {values}")


def _reasons(
    chosen: RankComparison,
    best: int,
    comparisons: Sequence[RankComparison],
    seeds: int,
    metric: str,
    rising: str,
) -> tuple[list[str], bool]:
    """Why `chosen`, in words, and whether the sweep could tell."""
    decided = True
    if chosen.rank == best:
        smaller = any(c.rank < best for c in comparisons)
        rest = (
            "each smaller one is over one standard error behind"
            if smaller
            else "no smaller one was tried"
        )
        reasons = [f"Rank {best} has the best mean {metric}; {rest}."]
    else:
        reasons = [
            f"Rank {best} is best, but only {chosen.difference:.4f} ahead of rank {chosen.rank}"
            f" over {seeds} paired seeds, within one standard error ({chosen.standard_error:.4f})."
        ]
    reasons += [
        f"Rank {c.rank} is {c.difference:.4f} behind the best, more than its standard error"
        f" ({c.standard_error:.4f})."
        for c in comparisons
        if c.rank < chosen.rank
    ]
    others = [c for c in comparisons if c.rank != best]
    if others and all(c.close_enough for c in others):
        decided = False
        reasons.append(
            "No rank differs from the best by more than one standard error: the sweep cannot tell"
            " them apart. Add seeds or test examples, or widen the ranks, if it matters."
        )
    elif chosen.rank == max(c.rank for c in comparisons) and others:
        decided = False
        reasons.append(
            f"The chosen rank is the largest tried: {rising}."
            f" Sweep again with rank {2 * chosen.rank}."
        )
    elif not others:
        decided = False
        reasons = ["Only one rank was tried: there is nothing to compare it with."]
    if seeds < 3:
        reasons.append("Two seeds make a rough standard error; three or more are better.")
    return reasons, decided
