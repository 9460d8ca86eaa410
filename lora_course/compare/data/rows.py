"""Which rows are used, and which of them to train and which to test on."""

from __future__ import annotations

import hashlib

from lora_course.compare.data.labels import read_label, read_labels
from lora_course.compare.data.table import (
    DataError,
    Rows,
    Table,
    check_characters,
    counted,
    missing,
)

TEST_SHARE = 0.2
LONGEST = 20_000
"""Characters of a text to classify: a longer one would take minutes to tokenize, to no use."""


def usable_rows(
    part: str, table: Table, text_column: str, label_column: str | None, notes: list[str]
) -> Rows:
    """The usable rows of one table; what was left out or cut is added to `notes`."""
    texts = table.column(text_column)
    labels = read_labels(table, label_column) if label_column is not None else None
    rows: Rows = []
    empty = unlabelled = cut = 0
    for index, text in enumerate(texts):
        if not missing(text) and not isinstance(text, str):
            raise DataError(
                f"{table.at(index)}: column {text_column!r} holds {text!r:.60}"
                f" ({type(text).__name__}), not text"
            )
        if missing(text):
            empty += 1
            continue
        check_characters(text, table.at(index), text_column)
        if labels is None or label_column is None:
            rows.append((text, ""))
            continue
        label = read_label(labels[index], table.at(index), label_column)
        if label is None:
            unlabelled += 1
            continue
        cut += len(text) > LONGEST
        rows.append((text[:LONGEST], label))
    if 2 * empty > len(texts):
        raise DataError(
            f"{table.where}: {empty:,} of {counted(len(texts), 'row')} have no text in column"
            f" {text_column!r}; choose another column with --text-column, or remove those rows"
        )
    if empty:
        notes.append(f"{part}: {counted(empty, 'empty text')} left out")
    if unlabelled:
        notes.append(f"{part}: {counted(unlabelled, 'row')} without a label left out")
    if cut:
        notes.append(f"{part}: {counted(cut, 'text')} cut to {LONGEST:,} characters")
    return rows


def hold_out(rows: Rows, notes: list[str]) -> tuple[Rows, Rows]:
    """Train and test, by a hash of the text: row order changes nothing, twins stay together."""
    parts: tuple[Rows, Rows] = ([], [])
    for row in rows:
        first = hashlib.sha256(row[0].encode()).digest()[:4]
        parts[int.from_bytes(first, "big") < TEST_SHARE * 2**32].append(row)
    notes.append(
        f"test: {len(parts[1]):,} of {counted(len(rows), 'row')} held out, by a hash of the text"
    )
    return parts


def without_leaks(train: Rows, test: Rows, where: str, notes: list[str]) -> Rows:
    """The rows of test whose text does not stand in train."""
    seen = {text for text, _ in train}
    kept = [row for row in test if row[0] not in seen]
    if test and not kept:
        raise DataError(
            f"{where}: every text stands in train too, so nothing is left to test on; give other"
            " texts, or no test file (then a fifth of train is held out)"
        )
    if leaked := len(test) - len(kept):
        notes.append(f"test: {counted(leaked, 'row')} left out whose text stands in train too")
    return kept
