"""Which diagnoses there are, what one is made of, and the runs that it is told from.

One standard error is the rule for choosing. A claim that something is wrong needs CLEAR, two of
them, where it compares picked extremes: with three seeds of nothing but luck, a difference passes
one standard error in two cases out of five.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lora_course.compare.paired import Difference, paired_seeds
from lora_course.compare.records import Metric, Rank, Run
from lora_course.core.selection import RankChoice

CLEAR = 2.0  # standard errors
LUCKY = 0.1  # a p_value_of_ranks above this is taken for luck

MEANINGS = {
    "noise": "luck alone may explain the differences between the ranks",
    "underfitting": "a larger rank, or more adapted modules, may do better still",
    "overfitting": "the larger ranks learn the training examples rather than the task",
    "under-training": "training ended before the ranks could show what they can do",
    "settled": "the rank is large enough, and nothing looks wrong",
}


@dataclass(frozen=True)
class Diagnosis:
    """One reading of the runs: a key of MEANINGS, what speaks for it, and what to try next."""

    name: str
    evidence: tuple[str, ...]
    try_next: tuple[str, ...]


Verdict = tuple[float, Diagnosis] | None
"""What a rule answers: how strongly its diagnosis holds, and which; None where it does not."""


@dataclass(frozen=True)
class Sweep:
    """The runs, paired, with scores turned so that higher is better."""

    runs: tuple[Run, ...]
    metric: Metric
    schedule: str
    choice: RankChoice
    rates: tuple[float, ...] = ()
    """The learning rates that were tried."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that every rank has finished, ascending."""
        return paired_seeds(self.runs)

    @property
    def ranks(self) -> list[int]:
        """The ranks that were compared, ascending."""
        return [comparison.rank for comparison in self.choice.comparisons]

    def good(self, run: Run) -> float:
        """The score on held-out examples; higher is better."""
        return run.score if self.metric.higher_is_better else -run.score

    def good_train(self, run: Run) -> float:
        """The score on training examples; higher is better."""
        return run.train_score if self.metric.higher_is_better else -run.train_score

    def gap(self, run: Run) -> float:
        """How much better the run does on training examples than on held-out ones."""
        return self.good_train(run) - self.good(run)

    def of(self, rank: Rank) -> list[Run]:
        """The rank's runs of paired seeds; of an end, those it has."""
        return [r for r in self.runs if r.rank == rank and r.seed in self.seeds]

    def difference(self, value: Callable[[Run], float], first: Rank, second: Rank) -> Difference:
        """Value of `first` − value of `second` over the paired seeds that both have."""
        a, b = ({run.seed: value(run) for run in self.of(rank)} for rank in (first, second))
        both = sorted(a.keys() & b.keys())
        return Difference.of([a[seed] for seed in both], [b[seed] for seed in both])
