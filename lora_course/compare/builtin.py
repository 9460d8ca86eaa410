"""The two tasks that need no file: Python's own text, as data to compare ranks on."""

from __future__ import annotations

from lora_course.compare.records import TextData
from lora_course.tasks import corpus, typos

STYLE_BYTES = {"train": 1_500_000, "test": 150_000}


def typo_detection() -> TextData:
    """Sentences of Python's prose, half of them with two neighbouring letters swapped."""
    train, train_labels = typos.examples("train")
    test, test_labels = typos.examples("test")
    return TextData("typos", train, test, train_labels, test_labels, typos.LABELS)


def style_shift() -> TextData:
    """Library code, for a model that has read only documentation and comments."""
    return TextData("style-shift", _code("train"), _code("test"))


def _code(split: str) -> list[str]:
    """The same few kilobytes of every module, so that many hands' code is in."""
    texts = corpus.code(split)
    share = STYLE_BYTES[split] // len(texts)
    return [text[:share] for text in texts]


TASKS = {"typos": typo_detection, "style-shift": style_shift}
"""The tasks by the name that `--task` takes."""
