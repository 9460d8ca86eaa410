"""Choosing a rank from measured runs: the smallest that the best does not clearly beat."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from lora_course.results import RankExperiment, standard_error


@dataclass(frozen=True)
class Comparison:
    """One rank against the best: mean paired difference of accuracy and its standard error."""

    rank: int
    accuracy: float
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
    comparisons: tuple[Comparison, ...]
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
    for run in experiments:
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
    table = paired_accuracies(experiments)
    means = {rank: statistics.fmean(values) for rank, values in table.items()}
    best = max(means, key=lambda rank: (means[rank], -rank))
    seeds = len(table[best])
    comparisons = []
    for rank, values in table.items():
        gaps = [b - a for a, b in zip(values, table[best], strict=True)]
        error = 0.0 if rank == best else standard_error(gaps)
        comparisons.append(Comparison(rank, means[rank], statistics.fmean(gaps), error))
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
    reasons, decided = _reasons(chosen, best, comparisons, seeds)
    return RankChoice(chosen.rank, best, tuple(comparisons), decided, tuple(reasons))


def _reasons(
    chosen: Comparison, best: int, comparisons: Sequence[Comparison], seeds: int
) -> tuple[list[str], bool]:
    """Why `chosen`, in words, and whether the sweep could tell."""
    decided = True
    if chosen.rank == best:
        reasons = [f"Rank {best} has the best mean accuracy, and no smaller rank comes near it."]
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
            "The chosen rank is the largest tried: accuracy may still be rising."
            f" Sweep again with rank {2 * chosen.rank}."
        )
    elif not others:
        decided = False
        reasons = ["Only one rank was tried: there is nothing to compare it with."]
    if seeds < 3:
        reasons.append("Two seeds make a rough standard error; three or more are better.")
    return reasons, decided
