"""Put scores into a gradebook that Canvas exported, for the instructor to import again."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from lora_course.files import write_whole
from lora_course.interop.canvas_columns import CanvasError, Gradebook, read_gradebook
from lora_course.interop.raw_csv import RawRow

__all__ = ["CanvasError", "Grade", "Merged", "merge"]

# Canvas names a downloaded file name_[LATE_]USER_FILE_title; the name can have an underscore, too.
DOWNLOADED = re.compile(r"(?P<name>.+?)_(?P<user>\d+)_\d+_.")
LATE = "_LATE"
# What Canvas writes for a learner who needs no score; it must stay.
NOT_GRADED = ("EX", "N/A")


@dataclass(frozen=True)
class Grade:
    """A learner's score. `learner` is an id that Canvas knows, or `file` is as Canvas named it."""

    learner: str
    file: str
    score: float
    max_score: float


@dataclass
class Merged:
    """What was done, and what was not. Each text names the learner or file and says why."""

    written: int = 0
    changed: list[str] = field(default_factory=list)  # scores that were there and are others now
    unknown: list[str] = field(default_factory=list)  # grades of nobody in the gradebook
    refused: list[str] = field(
        default_factory=list
    )  # grades that could be meant for two, or not at all
    without: list[str] = field(default_factory=list)  # learners of the gradebook without a grade


def merge(
    gradebook: Path, grades: Iterable[Grade], out: Path, *, column: str | None = None
) -> Merged:
    """Write `out`: the gradebook with `grades` in one assignment's column, all else as it was.

    `column` is the assignment's title, with or without the number that Canvas adds, or the number;
    None will do when there is only one. CanvasError, and no file, when something is wrong with the
    gradebook, the column or the maximum. A grade that fits no learner or two is left out, and the
    result says so.
    """
    if out.exists():
        raise CanvasError(
            f"out={str(out)!r}: exists already; choose another name, or remove it. The gradebook"
            " itself is never changed"
        )
    given = list(grades)
    if not given:
        raise CanvasError("grades: there are none; grade the submissions first")
    book = read_gradebook(gradebook)
    place = book.column(column)
    merged = Merged()
    chosen = _chosen(book, given, merged)
    for number, grade in chosen.items():
        _check(grade, book, place)
        _enter(book, book.students[number], place, grade, merged)
    merged.without = [
        book.name(row) for number, row in enumerate(book.students) if number not in chosen
    ]
    write_whole(out, book.table.text().encode())
    return merged


def _chosen(book: Gradebook, grades: list[Grade], merged: Merged) -> dict[int, Grade]:
    """Student (its place) -> the one grade that can only be meant for this student."""
    found: dict[int, list[Grade]] = defaultdict(list)
    for grade in grades:
        who = f"{grade.file} ({grade.learner})"
        by_id = book.known.get(grade.learner.strip().casefold(), set())
        by_file, doubt = _by_file(book, grade.file)
        students = by_id | by_file
        if doubt:
            merged.refused.append(f"{who}: {doubt}")
        elif not students:
            merged.unknown.append(who)
        elif len(students) > 1:
            names = " or ".join(book.name(book.students[number]) for number in sorted(students))
            merged.refused.append(f"{who}: could be {names}; give a roster with Canvas's IDs")
        else:
            found[students.pop()].append(grade)
    chosen = {}
    for number, several in sorted(found.items()):
        if len(several) == 1:
            chosen[number] = several[0]
            continue
        files = ", ".join(f"{grade.file} ({_number(grade.score)})" for grade in several)
        name = book.name(book.students[number])
        merged.refused.append(f"{name}: has {len(several)} graded files, {files}; keep one")
    return chosen


def _by_file(book: Gradebook, file: str) -> tuple[set[int], str]:
    """The student whose number and name Canvas put into the file's name; or what is in doubt."""
    match = DOWNLOADED.match(file)
    if match is None or "/" in file:  # in a folder, a file has the name that its learner gave it
        return set(), ""
    students = book.by_canvas_id.get(match["user"], set())
    name = _letters(match["name"].removesuffix(LATE))
    for number in students:
        if _letters(book.name(book.students[number])) != name:
            return set(), (
                f"its name says {match['name']}, but number {match['user']} is"
                f" {book.name(book.students[number])}; enter this score by hand"
            )
    return students, ""


def _letters(name: str) -> str:
    """What is left of a name in the names of Canvas's files."""
    text = unicodedata.normalize("NFC", name).casefold()
    return "".join(sign for sign in text if sign.isalnum())


def _check(grade: Grade, book: Gradebook, place: int) -> None:
    """Refuse a score that is none, and one on another scale than the column's."""
    if not (math.isfinite(grade.score) and 0 <= grade.score <= grade.max_score):
        raise CanvasError(
            f"{grade.file}: score={grade.score!r}; give a number from 0 to {grade.max_score}"
        )
    most = book.points_possible(place)
    if most and not math.isclose(most, grade.max_score):
        raise CanvasError(
            f"{book.heading(place)!r} has {_number(most)} points possible, {grade.file} was graded"
            f" out of {_number(grade.max_score)}; make them {_number(grade.max_score)} in Canvas"
            " (it can weight them as you like) and export again"
        )


def _enter(book: Gradebook, row: RawRow, place: int, grade: Grade, merged: Merged) -> None:
    before, score = row.value(place), _number(grade.score)
    if before.upper() in NOT_GRADED:
        merged.refused.append(f"{book.name(row)}: Canvas says {before}, which stays")
        return
    if before and _as_float(before) != _as_float(score):
        merged.changed.append(f"{book.name(row)}: {before} is now {score}")
    row.raw[place] = score
    merged.written += 1


def _number(value: float) -> str:
    """Digits and at most a point: nothing that a spreadsheet takes for more than a number."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _as_float(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None
