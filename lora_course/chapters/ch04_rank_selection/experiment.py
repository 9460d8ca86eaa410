"""Rank against quality on the two real tasks, computed beforehand: the chapter shows them at once.

`measure_curves.py` computes them again; each file says on what it was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lora_course.arguments import one_of
from lora_course.compare.records import Comparison
from lora_course.compare.settings import Settings
from lora_course.compare.written import from_json
from lora_course.core.results import RankExperiment, summarize

FOLDER = Path(__file__).parent
COMMON = replace(
    Settings(),
    ranks=(1, 4, 16, 64),
    learning_rates=(0.001, 0.002, 0.004),
    full_learning_rates=(0.0003, 0.001),
    ends=True,
)
TASKS = {
    "typos": replace(COMMON, task="typos", steps=600, batch_size=32).checked(),
    "style-shift": replace(COMMON, task="style-shift", steps=200, batch_size=16).checked(),
}
"""What each task's curve was measured with, on the shipped base model."""

_SHORT = replace(
    TASKS["style-shift"],
    ranks=(1, 16),
    seeds=(0, 1),
    learning_rates=(0.004,),
    ends=False,
    steps=12,
    batch_size=8,
    test_limit=60,
)
LIVE = {"fp32": _SHORT, "nf4": replace(_SHORT, quantize="nf4")}
"""A sweep of the same kind that a notebook has the time for, by the precision of the base."""


def load_curve(task: str) -> Comparison:
    """The stored runs of one of TASKS, with the facts of their measurement."""
    one_of("task", task, TASKS)
    return from_json((FOLDER / f"{task}.json").read_text(encoding="utf-8"))


def accuracies(runs: Sequence[RankExperiment]) -> dict[int, float]:
    """rank -> mean accuracy over its runs."""
    return {row.rank: row.accuracy for row in summarize(runs)}
