"""CSV and TSV, read as they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lora_course.compare.data.errors import DataError, counted
from lora_course.compare.data.table import Table


def open_delimited(where: str, text: str, separator: str) -> Table:
    """CSV or TSV with a header."""
    records = _records(where, text, separator)
    _, header = next(record for record in records if record[1] != [""])
    rows: list[list[str]] = []
    numbers: list[int] = []
    for line, record in records:
        if record == [""] and len(header) > 1:
            continue  # A blank line.
        if len(record) != len(header):
            raise DataError(
                f"{where}, row {len(rows) + 1} (line {line}): has {counted(len(record), 'field')},"
                f" the header has {len(header)}; put a field that holds"
                f" {'a tab' if separator == chr(9) else 'a comma'} or a line break in double quotes"
            )
        rows.append(record)
        numbers.append(line)

    def column(name: str) -> list[str]:
        place = header.index(name)
        return [row[place] for row in rows]

    return Table(where, header, column, "line", numbers, typed=False)


def _records(where: str, text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Each record of a CSV file and the line on which it starts.

    Not Python's `csv`: it refuses fields of more than 131,072 characters unless that limit is
    lifted for the whole process. Not pyarrow: it takes a quote that is never closed as text.
    """
    one = re.compile(
        rf'(?:"([^"]*+(?:""[^"]*+)*+)"|((?:[^"{separator}\r\n][^{separator}\r\n]*+)?))'
        rf"({separator}|\r\n|\r|\n|\Z)"
    )
    place, start, line = 0, 0, 1
    record: list[str] = []
    while place < len(text) or record:
        found = one.match(text, place)
        if found is None:
            line += text.count("\n", start, place)
            raise DataError(
                f"{where}, line {line}: a double quote opens a field and is not closed, or text"
                ' follows the closing one; write a quote inside a quoted field twice: ""'
            )
        record.append(found[2] if found[1] is None else found[1].replace('""', '"'))
        place = found.end()
        if found[3] != separator:
            yield line, record
            line += text.count("\n", start, place)
            start, record = place, []
