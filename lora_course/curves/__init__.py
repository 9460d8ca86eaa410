"""Rank against quality on the two real tasks, computed beforehand: a chapter shows them at once.

`python -m lora_course.curves` computes them again; each file says on what they were measured.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lora_course.compare.records import Comparison
from lora_course.compare.settings import Settings
from lora_course.compare.written import from_json
from lora_course.validation import one_of

FOLDER = Path(__file__).parent
RANKS = (1, 2, 4, 8, 16, 32, 64)
COMMON = replace(Settings(), ranks=RANKS, seeds=tuple(range(5)), ends=True)
SETTINGS = {
    "typos": replace(COMMON, task="typos", steps=300, batch_size=32),
    "style-shift": replace(COMMON, task="style-shift", steps=200, batch_size=16),
}
"""What each task's curve was measured with. The base model is the shipped one."""


def load_curve(task: str) -> Comparison:
    """The stored runs of one task of SETTINGS, with the facts of their measurement."""
    one_of("task", task, SETTINGS)
    return from_json((FOLDER / f"{task}.json").read_text(encoding="utf-8"))
