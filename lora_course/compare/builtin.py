"""The two tasks that need no file: Python's own text, as data to compare ranks on."""

from __future__ import annotations

from lora_course.compare.records import TextData
from lora_course.tasks import typos
from lora_course.tasks.style import excerpts

STYLE_BYTES = {"train": 1_500_000, "test": 150_000}


def typo_detection() -> TextData:
    """Sentences of Python's prose, half of them with two neighbouring letters swapped."""
    train, train_labels = typos.examples("train")
    test, test_labels = typos.examples("test")
    return TextData("typos", train, test, train_labels, test_labels, typos.LABELS)


def style_shift() -> TextData:
    """Library code, for a model that has read only documentation and comments."""
    train, test = (excerpts(split, size) for split, size in STYLE_BYTES.items())
    return TextData("style-shift", train, test)


TASKS = {"typos": typo_detection, "style-shift": style_shift}
"""The tasks by the name that `--task` takes."""
