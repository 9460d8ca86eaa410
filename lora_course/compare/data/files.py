"""A practitioner's files, opened.

They are read by Python itself and pyarrow, not by `datasets`: its CSV reader turns the text 007
into a number and NA into nothing, its JSON reader turns "2020-01-01" into a date, and its errors
name neither row nor line. Here a text and a label come back exactly as they are written.
"""

from __future__ import annotations

import json
import re
import shlex
from base64 import b64decode
from pathlib import Path
from typing import Any

from lora_course.compare.data.delimited import open_delimited
from lora_course.compare.data.table import DataError, DataSource, Table, first_line, printable

ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".txt")
MARKS = {b"\xff\xfe\0\0": "UTF-32", b"\0\0\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16"} | {
    b"\xfe\xff": "UTF-16"
}


def open_files(source: DataSource) -> tuple[Table, Table | None]:
    """Train and test, opened."""
    if source.train is None:
        raise DataError("train=None: give a file with --train, or a dataset's id with --dataset")
    given = [("train", source.train)] + ([("test", source.test)] if source.test is not None else [])
    for part, name in given:  # Both, before the first is read.
        _check_path(f"{part}={name!r}", Path(name))
    tables = [_open(f"{part}={name!r}", Path(name), source.text_column) for part, name in given]
    return tables[0], tables[1] if len(tables) > 1 else None


def _check_path(where: str, path: Path) -> None:
    """DataError unless `path` is a file with an ending that is known."""
    try:
        path.stat()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(
            f"{where}: cannot be found ({reason}); check the spelling, and the folder you are in"
        ) from error
    if path.is_dir():
        raise DataError(f"{where}: is a folder; give one file in it")
    if not path.is_file():
        raise DataError(f"{where}: is no ordinary file; write the data to a file first")
    if path.suffix.lower() not in ENDINGS:
        hint = "; write a .json file as JSONL, one object a line" if ".json" in path.suffix else ""
        raise DataError(f"{where}: the ending must be one of {', '.join(ENDINGS)}{hint}")


def _open(where: str, path: Path, text_column: str) -> Table:
    """A file that `_check_path` let through."""
    ending = path.suffix.lower()
    if ending == ".parquet":
        return _parquet(where, path)
    text = _decoded(where, path)
    if ending == ".txt":
        parts = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip("\n"))
        paragraphs = [part for part in parts if part.strip()]
        # Its one column is called what the caller likes.
        return Table(where, (text_column,), lambda _: paragraphs, "paragraph", typed=False)
    if ending in (".jsonl", ".ndjson"):
        return _jsonl(where, text)
    return open_delimited(where, text, "\t" if ending == ".tsv" else ",")


def _decoded(where: str, path: Path) -> str:
    """A text file's content, without the byte-order mark."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{where}: cannot be read ({error.strerror})") from error
    old = shlex.quote(printable(str(path)))
    new = shlex.quote(printable(f"{path.stem}-utf8{path.suffix}"))

    def convert(encoding: str) -> str:
        return f"convert it, e.g. iconv -f {encoding} -t UTF-8 {old} > {new}"

    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            raise DataError(f"{where}: is {encoding}, not UTF-8; {convert(encoding)}")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{where}, line {line}: byte 0x{content[error.start]:02x} is not UTF-8; find out the"
            f" file's encoding and {convert('WINDOWS-1252')}"
        ) from error
    if (place := text.find("\0")) >= 0:
        raise DataError(
            f"{where}, line {text.count(chr(10), 0, place) + 1}: holds a NUL byte, which is no"
            " text; remove it, or convert the file to UTF-8 if it is UTF-16"
        )
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise DataError(f"{where}: is empty")
    return text


def _jsonl(where: str, text: str) -> Table:
    """One object a line. Split at line feeds alone: a JSON string may hold U+2028 and its like."""
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = getattr(error, "msg", "too deep or too long a number")
            column = f" at column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
            raise DataError(
                f"{where}, line {number}: is not valid JSON ({reason}{column}); each line must be"
                ' one whole object, such as {"text": "…", "label": "…"}'
            ) from error
        if not isinstance(row, dict):
            raise DataError(
                f"{where}, line {number}: is a {type(row).__name__}, not an object; each line must"
                ' be one object, such as {"text": "…", "label": "…"}'
            )
        rows.append(row)
        numbers.append(number)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return Table(where, columns, lambda name: [row.get(name) for row in rows], "line", numbers)


def _parquet(where: str, path: Path) -> Table:
    """A Parquet file; only the columns that are asked for are read."""
    try:
        import pyarrow.parquet as pq  # type: ignore[import-untyped]
    except ImportError as error:
        raise DataError(
            f"{where}: Parquet needs the package pyarrow (pip install pyarrow)"
        ) from error

    damaged = f"{where}: is not a Parquet file, or is cut off or damaged"
    try:
        file = pq.ParquetFile(path)
        columns = file.schema_arrow.names
        # pyarrow before 14.0.1 ran such a column's code; later ones hand out what is left of it.
        kept = file.metadata.metadata or {}
        if b"arrow.py_extension_type" in b64decode(kept.get(b"ARROW:schema", b"")):
            raise DataError(f"{where}: holds pickled Python types, which are not read; rewrite it")
    except DataError:
        raise
    except Exception as error:  # A damaged file can cause any.
        raise DataError(f"{damaged} ({first_line(error)})") from error

    def column(name: str) -> list[Any]:
        try:
            return list(file.read(columns=[name]).column(name).to_pylist())
        except Exception as error:
            raise DataError(f"{damaged} ({first_line(error)})") from error

    return Table(where, columns, column)
