"""Accuracy by rank and learning rate under each rule for alpha."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lora_course.bars import with_progress
from lora_course.experiments import AlphaRule, rank_sweep
from lora_course.results import RankSummary, summarize
from lora_course.tasks import Task

RULES: dict[str, AlphaRule] = {
    "alpha = 16": 16.0,
    "alpha = r": "rank",
    # Divided by r this is a scaling of 1/√r: rsLoRA's, with an alpha of 1.
    "alpha/√r (rsLoRA)": "sqrt(rank)",
}

ByRate = dict[float, RankSummary]


def by_rate(
    task: Task,
    ranks: Sequence[int],
    rates: Iterable[float],
    rule: AlphaRule,
    seeds: Iterable[int] = (0, 1, 2),
    progress: bool = True,
) -> dict[int, ByRate]:
    """Rank -> learning rate -> its runs' summary."""
    table: dict[int, ByRate] = {rank: {} for rank in ranks}
    seeds = list(seeds)
    for rate in with_progress(list(rates), "learning rates", progress, delay=1):
        runs = rank_sweep(
            task, ranks, seeds, alpha=rule, mode="stacked", learning_rate=rate, progress=False
        )
        for row in summarize(runs):
            table[row.rank][rate] = row
    return table


def best_rate(rows: Mapping[float, RankSummary]) -> float:
    """The learning rate with the highest mean accuracy."""
    return max(rows, key=lambda rate: rows[rate].accuracy)
