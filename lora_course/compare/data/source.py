"""What was asked for: files or a dataset, and the columns in them."""

from __future__ import annotations

from dataclasses import dataclass

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
