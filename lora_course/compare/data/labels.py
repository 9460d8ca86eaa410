"""Labels: which column has them, what each is as a string, and the order of the classes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from lora_course.compare.data.table import (
    NO_LABEL,
    DataError,
    DataSource,
    Rows,
    Table,
    check_characters,
    counted,
    missing,
    some,
)

INTEGER = re.compile(r"0|-?[1-9][0-9]{0,99}")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def find_label_column(source: DataSource, train: Table) -> str | None:
    """The column with the labels, or None: language modelling."""
    wanted = source.label_column
    if wanted is None:
        return "label" if "label" in train.columns and source.text_column != "label" else None
    if wanted == NO_LABEL:
        return None
    if wanted == source.text_column:
        raise DataError(f"label_column={wanted!r}: is the text column too; name another column")
    if source.train is not None and source.train.lower().endswith(".txt"):
        raise DataError(
            f"label_column={wanted!r}: a .txt file has no labels; leave the option out, or give a"
            " CSV, JSONL or Parquet file with a column of labels"
        )
    return wanted


def read_labels(table: Table, column: str) -> Sequence[Any]:
    """The label column. Where all is text, labels such as 0.5 and 1.0 are read as numbers."""
    labels = table.column(column)
    if table.typed:
        return labels
    present = [label for label in labels if label.strip()]
    numeric = all(NUMBER.fullmatch(label) for label in present)
    if not numeric or not any("." in label for label in present):
        return labels
    return [Decimal(label) if label.strip() else None for label in labels]


def read_label(value: Any, where: str, column: str) -> str | None:
    """A label as a string; None when there is none."""
    if missing(value):
        return None
    if isinstance(value, str):
        check_characters(value, where, column)
        return value
    if isinstance(value, (bool, int)):
        return str(value)
    if isinstance(value, (float, Decimal)):
        if value % 1 == 0:
            return str(int(value))
        raise DataError(
            f"{where}: the label in column {column!r} is {value}; numbers with a fraction mean"
            " regression, which is not supported. If they are names of classes, write them as"
            " words; for language modelling give --label-column none"
        )
    raise DataError(
        f"{where}: the label in column {column!r} is {value!r:.60} ({type(value).__name__}); a"
        " label must be a string, a whole number or a boolean"
    )


def order_labels(table: Table, column: str, rows: Rows, notes: list[str]) -> list[str]:
    """The classes in order of their ids: by number when all are whole numbers, else by name."""
    counts = Counter(label for _, label in rows)
    if len(counts) < 2:
        raise DataError(
            f"{table.where}: every usable row has the label {some(counts)} in column {column!r};"
            " at least 2 classes are needed (for language modelling give --label-column none)"
        )
    numeric = all(INTEGER.fullmatch(key) for key in counts)
    keys = sorted(counts, key=int) if numeric else sorted(counts)
    if rare := [table.label_names.get(key, key) for key in keys if counts[key] < 2]:
        classes = "1 class has" if len(rare) == 1 else f"{len(rare):,} classes have"
        notes.append(f"train: {classes} only one example: {some(rare)}")
    return keys


def check_test_labels(keys: list[str], rows: Rows, where: str, *, held_out: bool) -> None:
    """DataError when a label to test on cannot be learned."""
    known = set(keys)
    unknown = Counter(label for _, label in rows if label not in known)
    if unknown:
        advice = (
            "all rows with it were held out to test on: give more rows, remove them, or give --test"
            if held_out
            else "correct them, or leave these rows out of the test file"
        )
        raise DataError(
            f"{where}: {counted(unknown.total(), 'row')} to test on with a label that is not among"
            f" the rows to train on: {some(sorted(unknown))}; {advice}"
        )
