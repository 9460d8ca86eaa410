"""CSV whose cells keep the very text that they have in the file, so that one can be changed alone.

Python's csv module forgets how a cell was quoted; a file that another system wants back should
differ only where something was meant to change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MARK = "\ufeff"  # before the text, by spreadsheets; it belongs to no cell


class CsvError(ValueError):
    """The text is no CSV; the message says in which line."""


@dataclass
class RawRow:
    """One row: its cells as they stand in the file, the end of its line, and the line's number."""

    raw: list[str]
    end: str
    line: int

    def value(self, place: int) -> str:
        """What the cell says, without quotes and spaces around it; "" where there is no cell."""
        if place >= len(self.raw):
            return ""
        text = self.raw[place]
        quoted = len(text) > 1 and text.startswith('"')
        return (text[1:-1].replace('""', '"') if quoted else text).strip()


@dataclass
class RawTable:
    """A whole file."""

    rows: list[RawRow]
    delimiter: str
    mark: str

    def text(self) -> str:
        """The file's text; of an unchanged table the one it was read from."""
        return self.mark + "".join(self.delimiter.join(row.raw) + row.end for row in self.rows)


def read(text: str, delimiter: str) -> RawTable:
    """Take `text` apart; CsvError where a quote is left open or stands in the middle of a cell."""
    mark = MARK if text.startswith(MARK) else ""
    outside = f'[^"\r\n{re.escape(delimiter)}]'
    pattern = re.compile(
        rf'(?P<cell>"(?:[^"]|"")*"|(?:{outside}(?:[^\r\n{re.escape(delimiter)}])*)?)'
        rf"(?P<end>{re.escape(delimiter)}|\r\n|\n|\r|\Z)"
    )
    rows, cells, place, line = [], [], len(mark), 1
    start = line
    while place < len(text):
        match = pattern.match(text, place)
        if match is None:
            raise CsvError(f"line {line}: a quote that is not closed, or text after a closing one")
        cells.append(match["cell"])
        line += len(re.findall(r"\r\n|\n|\r", match[0]))
        place = match.end()
        if match["end"] != delimiter or place == len(text):
            if match["end"] == delimiter:  # the file ends with an empty cell
                cells.append("")
            rows.append(RawRow(cells, match["end"] if match["end"] != delimiter else "", start))
            cells, start = [], line
    return RawTable(rows, delimiter, mark)
