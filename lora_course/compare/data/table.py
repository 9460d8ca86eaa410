"""What was asked for, the file or split that was opened, and what is wrong with it, in words."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from lora_course import arguments

NO_LABEL = "none"


@dataclass(frozen=True)
class DataSource:
    """Where the texts are: a file to train on (and one to test on), or a dataset on the Hub."""

    train: str | None = None
    test: str | None = None
    dataset: str | None = None
    text_column: str = "text"
    label_column: str | None = None
    """None: "label" where there is such a column, else no labels; "none": no labels."""


class DataError(ValueError):
    """The data cannot be used; the message says what is wrong, where, and what to do."""


def printable(text: str) -> str:
    """For names and words of others in a message: nothing that steers a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)


def counted(number: int, noun: str) -> str:
    """A number with its noun, which is plural unless the number is 1."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def some(values: Iterable[str], most: int = 5) -> str:
    """The first few values, quoted and shortened, for a message."""
    shown = list(values)
    more = f" and {len(shown) - most:,} more" if len(shown) > most else ""
    return ", ".join(f"{value!r:.60}" for value in shown[:most]) + more


def first_line(error: Exception) -> str:
    """What another library's error says first, or its type where it says nothing."""
    return printable(arguments.first_line(error)[:200])


# Half a surrogate pair (JSON can spell one) is no character, and NUL ends a string for some tools.
UNUSABLE = re.compile("[\0\ud800-\udfff]")
Rows = list[tuple[str, str]]
"""Text and label, which is "" where there are none."""


@dataclass(frozen=True)
class Table:
    """An opened file or split. `column` reads one column; values keep the type they have there."""

    where: str
    columns: Sequence[str]
    column: Callable[[str], Sequence[Any]]
    unit: str = "row"
    numbers: Sequence[int] | None = None
    """The line on which each row starts, for files that have lines."""
    typed: bool = True
    """False where everything is text, numbers too."""
    label_names: Mapping[str, str] = field(default_factory=dict)

    def at(self, index: int) -> str:
        """How a message names a row."""
        return f"{self.where}, {self.unit} {self.numbers[index] if self.numbers else index + 1}"


def check_column(table: Table, column: str) -> None:
    """DataError unless `table` has `column`, once."""
    if table.columns.count(column) > 1:
        raise DataError(f"{table.where}: has more than one column {column!r}; rename all but one")
    if column in table.columns:
        return
    lower = {name.lower(): name for name in table.columns}
    near = get_close_matches(column.lower(), lower, n=1, cutoff=0.5)
    hint = f"; did you mean {lower[near[0]]!r}?" if near else ""
    if len(table.columns) == 1 and re.search("[;\t|]", table.columns[0]):
        hint = "; separate the columns with commas, or with tabs in a file that ends in .tsv"
    raise DataError(
        f"{table.where}: has no column {column!r}; it has {some(table.columns, 20)}{hint}"
        " (choose with --text-column and --label-column)"
    )


def missing(value: Any) -> bool:
    """Null, not-a-number (how pandas writes null), or nothing but white space."""
    if isinstance(value, (float, Decimal)):
        return math.isnan(value)
    return value is None or (isinstance(value, str) and not value.strip())


def check_characters(value: str, where: str, column: str) -> None:
    """DataError for what no tokenizer takes."""
    if found := UNUSABLE.search(value):
        kind = "a NUL character" if found[0] == "\0" else "half a surrogate pair"
        raise DataError(
            f"{where}: column {column!r} holds {kind} (U+{ord(found[0]):04X}), which is no text;"
            " remove it"
        )
