"""Rank against quality on the two real tasks, computed beforehand: the chapter shows them at once.

`measure_curves.py` computes them again; each file says on what it was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lora_course.arguments import one_of
from lora_course.compare.rates import at_rate, best_rates
from lora_course.compare.records import Comparison
from lora_course.compare.rows import mean_scores
from lora_course.compare.settings import Settings
from lora_course.compare.written import from_json
from lora_course.core.rates import edge
from lora_course.core.results import RankExperiment, summarize
from lora_course.memory import count_parameters, lora_config

FOLDER = Path(__file__).parent
COMMON = replace(Settings(), ranks=(1, 4, 16, 64), ends=True)
# The rates: as wide as it takes for no rank to do best at an edge.
TASKS = {
    "typos": replace(
        COMMON,
        task="typos",
        steps=600,
        batch_size=32,
        learning_rates=(0.0005, 0.001, 0.002, 0.004, 0.008),
        full_learning_rates=(0.0001, 0.0003, 0.001),
    ).checked(),
    "style-shift": replace(
        COMMON,
        task="style-shift",
        steps=200,
        batch_size=16,
        learning_rates=(0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064),
        full_learning_rates=(0.0001, 0.0003, 0.001, 0.003, 0.01),
    ).checked(),
}
"""What each task's curve was measured with, on the shipped base model."""


def load_curve(task: str) -> Comparison:
    """The stored runs of one of TASKS, with the facts of their measurement."""
    one_of("task", task, TASKS)
    return from_json((FOLDER / f"{task}.json").read_text(encoding="utf-8"))


def scores(curve: Comparison) -> dict[int, float]:
    """rank -> the mean metric of its runs, each rank at its best learning rate."""
    means = mean_scores(curve)
    return {rank: score for rank, score in means.items() if isinstance(rank, int)}


def scores_at(curve: Comparison, rate: float) -> dict[int, float]:
    """rank -> the mean metric of its runs at one learning rate."""
    return scores(at_rate(curve, rate))


def rates_of(curve: Comparison) -> dict[int, float]:
    """rank -> the learning rate at which it did best."""
    return {rank: rate for rank, rate in best_rates(curve).items() if isinstance(rank, int)}


def ranks_at_edge(curve: Comparison) -> list[int]:
    """The ranks that did best at the smallest or the largest learning rate tried."""
    return [rank for rank, rate in rates_of(curve).items() if edge(rate, curve.rates)]


def count_with_peft(model: str, rank: int) -> int:
    """How many numbers PEFT trains in a model of that shape, adapters in all linear layers."""
    return count_parameters(model, lora_config(rank)).trainable


def accuracies(runs: Sequence[RankExperiment]) -> dict[int, float]:
    """rank -> mean accuracy over its runs."""
    return {row.rank: row.accuracy for row in summarize(runs)}
