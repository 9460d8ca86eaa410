"""Rank against quality on the two real tasks, computed beforehand: a chapter shows them at once.

`python -m lora_course.curves` computes them again; each file says on what it was measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lora_course.compare.records import Comparison
from lora_course.compare.rows import mean_scores
from lora_course.compare.settings import Settings
from lora_course.compare.written import from_json
from lora_course.validation import one_of

FOLDER = Path(__file__).parent
TASKS = {
    "typos": replace(Settings(), task="typos", steps=600, batch_size=32),
    "style-shift": replace(Settings(), task="style-shift", steps=200, batch_size=16),
}
RATES = (0.001, 0.002, 0.004)
"""Each task is swept at each of these learning rates: which rank looks best depends on it."""
ENDS_AT = 0.002  # the sweep that also trains the head alone, and the whole model (at 0.001)

LIVE = replace(
    TASKS["style-shift"],
    ranks=(1, 16),
    seeds=(0, 1),
    steps=25,
    batch_size=8,
    learning_rate=0.004,
    test_limit=60,
)
"""A sweep of the same kind that a notebook has the time for."""


def curve_settings(task: str, rate: float) -> Settings:
    """What one stored sweep was measured with, on the shipped base model."""
    chosen = TASKS[one_of("task", task, TASKS)]
    if rate not in RATES:
        raise ValueError(f"rate={rate!r}: must be one of {', '.join(map(str, RATES))}")
    return replace(
        chosen, ranks=(1, 4, 16, 64), seeds=(0, 1, 2), learning_rate=rate, ends=rate == ENDS_AT
    ).checked()


def curve_path(task: str, rate: float) -> Path:
    """Where one sweep is stored."""
    return FOLDER / f"{task}_{rate:g}.json"


def load_curves(task: str) -> dict[float, Comparison]:
    """The stored sweeps of one of TASKS by their learning rate."""
    one_of("task", task, TASKS)
    return {rate: from_json(curve_path(task, rate).read_text(encoding="utf-8")) for rate in RATES}


@dataclass(frozen=True)
class Best:
    """The learning rate at which a rank does best, and its mean score there."""

    rate: float
    score: float


def best_by_rank(sweeps: Mapping[float, Comparison]) -> dict[int, Best]:
    """For each rank the best of its mean held-out scores over the learning rates."""
    found: dict[int, Best] = {}
    for rate, sweep in sweeps.items():
        sign = 1 if sweep.metric.higher_is_better else -1
        for rank, score in mean_scores(sweep).items():
            if not isinstance(rank, int):
                continue
            if rank not in found or sign * score > sign * found[rank].score:
                found[rank] = Best(rate, score)
    return found
