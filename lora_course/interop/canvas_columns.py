"""Read a gradebook that Canvas exported: which column is what, and which row is a learner."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from lora_course.interop.raw_csv import CsvError, RawRow, RawTable, read

NAMES = ("Student",), ("LastName", "FirstName")
IDS = ("ID", "SIS User ID", "SIS Login ID")
ASSIGNMENT = re.compile(r"(?P<title>.*) \((?P<number>\d+)\)", re.DOTALL)
POINTS = "Points Possible"
# Rows of remarks that Canvas puts between the heading and the learners.
REMARK = re.compile(r"(muted|manual posting.*)?", re.IGNORECASE)


class CanvasError(ValueError):
    """Nothing was written; the message says why and what to do."""


@dataclass
class Gradebook:
    """The table, its learners' rows, and how to find one."""

    path: Path
    table: RawTable
    headings: list[str]
    students: list[RawRow]
    points: RawRow | None
    known: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    by_canvas_id: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def heading(self, place: int) -> str:
        """A column's heading."""
        return self.headings[place]

    def name(self, row: RawRow) -> str:
        """The learner's name, as "Lovelace, Ada"."""
        columns = next(names for names in NAMES if names[0] in self.headings)
        return ", ".join(row.value(self.headings.index(column)) for column in columns)

    def points_possible(self, place: int) -> float | None:
        """The column's maximum, where the gradebook says one."""
        text = self.points.value(place) if self.points else ""
        try:
            return float(text.replace(",", "."))
        except ValueError:
            return None

    def column(self, wanted: str | None) -> int:
        """The place of the assignment's column that `wanted` names; CanvasError unless just one."""
        found = {
            place: match
            for place, heading in enumerate(self.headings)
            if (match := ASSIGNMENT.fullmatch(heading)) and not self._read_only(place)
        }
        fitting = [
            place
            for place, match in found.items()
            if wanted is None or wanted.strip() in (match[0], match["title"], match["number"])
        ]
        if len(fitting) == 1:
            return fitting[0]
        named = ", ".join(repr(match[0]) for match in found.values()) or "none"
        problem = "is none of" if not fitting else "could be more than one of"
        raise CanvasError(
            f"column={wanted!r} {problem} the assignments in {self.path.name}: {named}; give one"
            " of them, as it stands there"
        )

    def _read_only(self, place: int) -> bool:
        return self.points is not None and "read only" in self.points.value(place)


def read_gradebook(path: Path) -> Gradebook:
    """The gradebook in `path`; CanvasError for a file that is none."""
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise CanvasError(f"gradebook={str(path)!r}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError:
        raise CanvasError(
            f"{path}: is not in UTF-8; take the file that Canvas exported, not saved by a"
            " spreadsheet in between"
        ) from None
    table, headings = _table(path, text)
    rows = [row for row in table.rows[1:] if any(row.value(place) for place in range(len(row.raw)))]
    points = next((row for row in rows if POINTS in row.value(0)), None)
    students = [row for row in rows if row is not points and not _is_remark(row)]
    for row in students:
        if len(row.raw) != len(headings):
            raise CanvasError(
                f"{path}, line {row.line}: has {len(row.raw)} cells, the heading {len(headings)};"
                " export the gradebook again"
            )
    book = Gradebook(path, table, headings, students, points)
    for number, row in enumerate(students):
        for column in IDS:
            if column in headings and (value := row.value(headings.index(column))):
                book.known[value.casefold()].add(number)
                if column == "ID":
                    book.by_canvas_id[value].add(number)
    return book


def _table(path: Path, text: str) -> tuple[RawTable, list[str]]:
    """The table under the delimiter that gives Canvas's headings."""
    for delimiter in (",", ";", "\t"):
        headings = _headings(text, delimiter)
        if "ID" not in headings or not any(set(names) <= set(headings) for names in NAMES):
            continue
        repeated = {name for name in headings if name and headings.count(name) > 1}
        if repeated:
            raise CanvasError(f"{path}: has the column {min(repeated)!r} more than once")
        try:
            return read(text, delimiter), headings
        except CsvError as error:
            raise CanvasError(f"{path}, {error}; export the gradebook again") from error
    problem = "has no columns Student (or LastName and FirstName) and ID in its first row"
    if not text.strip():
        problem = "is empty"
    raise CanvasError(f"{path}: {problem}; export the gradebook from Canvas as CSV")


def _headings(text: str, delimiter: str) -> list[str]:
    """The first row's cells; none where it cannot be read so."""
    try:
        rows = read("".join(text.splitlines()[:1]), delimiter).rows
    except CsvError:
        return []
    return [rows[0].value(place) for place in range(len(rows[0].raw))] if rows else []


def _is_remark(row: RawRow) -> bool:
    return all(REMARK.fullmatch(row.value(place)) for place in range(len(row.raw)))
