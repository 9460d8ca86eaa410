"""CSV and TSV, read as they are written."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from lora_course.compare.data.table import DataError, Table, counted


def open_delimited(where: str, text: str, separator: str) -> Table:
    """CSV or TSV with a header."""
    records = _records(where, text, separator)
    _, header = next(record for record in records if record[1])
    rows: list[list[str]] = []
    numbers: list[int] = []
    for line, record in records:
        if not record and len(header) > 1:
            continue
        fields = record or [""]  # of a single column: a blank line is an empty text
        if len(fields) != len(header):
            raise DataError(
                f"{where}, row {len(rows) + 1} (line {line}): has {counted(len(fields), 'field')},"
                f" the header has {len(header)}; put a field that holds"
                f" {'a tab' if separator == chr(9) else 'a comma'} or a line break in double quotes"
            )
        rows.append(fields)
        numbers.append(line)

    def column(name: str) -> list[str]:
        place = header.index(name)
        return [row[place] for row in rows]

    return Table(where, header, column, "line", numbers, typed=False)


def _records(where: str, text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Each record of a CSV file, [] for a blank line, and the line on which it starts.

    Not pyarrow: it takes a quote that is never closed as text.
    """
    # Python refuses longer fields than a limit that holds for the whole process: it is only raised.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    lines = io.StringIO(text, newline="")  # breaks inside a field stay as they are
    reader = csv.reader(lines, delimiter=separator, strict=True)
    line = 1
    try:
        for record in reader:
            yield line, record
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{where}, line {line}: a double quote opens a field and is not closed, or text"
            ' follows the closing one; write a quote inside a quoted field twice: ""'
        ) from error
