"""grades.csv: one row a file, readable by any spreadsheet and harmful in none."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence

from lora_course.grading.records import Graded

FORMULA = ("=", "+", "-", "@", "\t", "\r")
# Some spreadsheets split at a semicolon or a tab as well.
SPLIT = re.compile(r"([;\t])(?=[=+\-@])")
NO_FILE, WAITING = "no submission", "not graded yet"
FIXED = ("file", "learner", "score", "max", "status", "seconds", "reason", "flags")


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
    flags = "; ".join(f"cell {flag.cell} " * bool(flag.cell) + flag.text for flag in graded.flags)
    return _line([graded.file, graded.learner, *about, graded.reason, flags, *points])


def missing(learner: str, questions: Sequence[str]) -> str:
    """The line of a learner from whom there is no file."""
    return _unscored({"learner": learner, "status": NO_FILE}, questions)


def waiting(file: str, learner: str, questions: Sequence[str]) -> str:
    """The line of a file that grading has not come to."""
    return _unscored({"file": file, "learner": learner, "status": WAITING}, questions)


def _unscored(known: Mapping[str, str], questions: Sequence[str]) -> str:
    return _line([known.get(column, "") for column in (*FIXED, *questions)])


def _line(values: Sequence[object]) -> str:
    written = io.StringIO()
    cells = [cell(value) if isinstance(value, str) else value for value in values]
    csv.writer(written, lineterminator="\n").writerow(cells)
    return written.getvalue()
