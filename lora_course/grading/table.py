"""grades.csv: one row a file, readable by any spreadsheet and harmful in none."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from lora_course.grading.records import Graded

FORMULA = ("=", "+", "-", "@", "\t", "\r")
# Some spreadsheets split at a semicolon or a tab as well.
SPLIT = re.compile(r"([;\t])(?=[=+\-@])")
FIXED = ("file", "learner", "score", "max", "status", "seconds", "reason")


def cell(text: str) -> str:
    """`text`, led by an apostrophe where a spreadsheet would take it for a formula; one line."""
    text = SPLIT.sub(r"\1'", " ".join(text.splitlines()))
    return f"'{text}" if text.startswith(FORMULA) else text


def header(questions: Sequence[str]) -> str:
    """The first line."""
    return _line([*FIXED, *questions])


def row(graded: Graded) -> str:
    """A file's line."""
    points = [result.points for result in graded.results.values()]
    about = [graded.score, graded.max_score, graded.status.value, graded.seconds]
    return _line([graded.file, graded.learner, *about, graded.reason, *points])


def missing(learner: str, questions: Sequence[str]) -> str:
    """The line of a learner from whom there is no file."""
    known = {"learner": learner, "status": "no submission"}
    return _line([known.get(column, "") for column in (*FIXED, *questions)])


def _line(values: Sequence[object]) -> str:
    written = io.StringIO()
    cells = [cell(value) if isinstance(value, str) else value for value in values]
    csv.writer(written, lineterminator="\n").writerow(cells)
    return written.getvalue()
