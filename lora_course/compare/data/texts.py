"""From what was asked for to texts and labels that can be used, and their hash.

Two tasks need no file: Python's own text.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from lora_course.compare.data.files import open_files
from lora_course.compare.data.hub import open_dataset
from lora_course.compare.data.labels import check_test_labels, find_label_column, order_labels
from lora_course.compare.data.rows import hold_out, usable_rows, without_leaks
from lora_course.compare.data.table import DataError, DataSource, check_column, counted, printable
from lora_course.compare.records import TextData
from lora_course.tasks import typos
from lora_course.tasks.style import excerpts

FEWEST = {"train": 20, "test": 10}


def load(source: DataSource) -> TextData:
    """The texts and labels of `source`, checked; DataError for anything that cannot be used."""
    train, test = open_dataset(source) if source.dataset is not None else open_files(source)
    label = find_label_column(source, train)
    for table in filter(None, (train, test)):
        for column in filter(None, (source.text_column, label)):
            check_column(table, column)
    notes: list[str] = []
    train_rows = usable_rows("train", train, source.text_column, label, notes)
    if test is None:
        train_rows, test_rows = hold_out(train_rows, notes)
    else:
        test_rows = usable_rows("test", test, source.text_column, label, notes)
        test_rows = without_leaks(train_rows, test_rows, test.where, notes)
    for part, rows in (("train", train_rows), ("test", test_rows)):
        if len(rows) < FEWEST[part]:
            table = test if test is not None and part == "test" else train
            held_out = " (a fifth, held out)" if table is train and part == "test" else ""
            raise DataError(
                f"{table.where}: {counted(len(rows), 'usable row')} to {part} on{held_out}; at"
                f" least {FEWEST[part]} are needed, so give more rows"
                f"{' or a test file' if held_out else ''}"
            )
    train_labels = test_labels = None
    label_names: tuple[str, ...] = ()
    if label is not None:
        keys = order_labels(train, label, train_rows, notes)
        check_test_labels(keys, test_rows, (test or train).where, held_out=test is None)
        ids = {key: number for number, key in enumerate(keys)}
        train_labels = [ids[key] for _, key in train_rows]
        test_labels = [ids[key] for _, key in test_rows]
        label_names = tuple(train.label_names.get(key, key) for key in keys)
    return TextData(
        name=_name(source),
        train=[text for text, _ in train_rows],
        test=[text for text, _ in test_rows],
        train_labels=train_labels,
        test_labels=test_labels,
        label_names=label_names,
        notes=tuple(notes),
    )


def digest(data: TextData) -> str:
    """A hash of texts, labels and label names: equal on two machines when the data are equal."""
    found = hashlib.sha256()
    for part in (data.train, data.test, data.train_labels, data.test_labels, data.label_names):
        found.update(json.dumps(None if part is None else list(part)).encode() + b"\n")
    return found.hexdigest()


def _name(source: DataSource) -> str:
    """The dataset's id or the file's name."""
    return printable(source.dataset or Path(source.train or "").name)


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
