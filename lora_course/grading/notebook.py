"""Read the code cells of a file that may hold anything.

Nothing but code cells counts, so metadata, ids, outputs and the kernel's name can be as they like:
a stricter reader would refuse notebooks that their learners could run.
"""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import Any

from lora_course.grading.wire import clean

MB = 1 << 20
MAX_CODE = 2 << 20
MAX_CELLS = 2000
CONFLICT = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)


class UnreadableError(ValueError):
    """The file is no notebook that can be run; the message says why, for its learner."""


def read_bytes(path: Path, most_mb: int) -> bytes:
    """The file's content, up to a size.

    Links are not followed: one could lead to anything on this machine.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if path.is_symlink():
            raise UnreadableError("is a link; hand in the file itself") from None
        raise UnreadableError(f"cannot be opened: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnreadableError("is not an ordinary file")
        content = file.read(most_mb * MB + 1)
    if len(content) > most_mb * MB:
        raise UnreadableError(f"is larger than {most_mb} MB; clear its outputs, and hand in again")
    return content


def code_cells(content: bytes) -> list[str]:
    """The sources of all code cells, in order, of a notebook in format 3 or 4."""
    if not content.strip():
        raise UnreadableError("is empty")
    try:
        notebook = json.loads(content, object_hook=_without_outputs)  # UTF-8, -16 or -32
    except UnicodeDecodeError:
        raise UnreadableError("is not text in UTF-8, as notebooks are") from None
    except RecursionError:
        raise UnreadableError("is nested too deep to be a notebook") from None
    except ValueError as error:
        if CONFLICT.search(content):
            raise UnreadableError(
                "holds the marks of a merge conflict (<<<<<<<); resolve it, and hand in again"
            ) from None
        raise UnreadableError(f"is not a notebook: no valid JSON ({str(error)[:80]})") from None
    found = _cells(notebook)
    sources = [source for cell in found if (source := _code(cell)) is not None]
    if len(sources) > MAX_CELLS or sum(map(len, sources)) > MAX_CODE:
        raise UnreadableError(
            f"has more than {MAX_CELLS:,} code cells or {MAX_CODE >> 20} MB of code"
        )
    return sources


def _without_outputs(read: dict[str, Any]) -> dict[str, Any]:
    """What was read of an object, without the figures that a cell holds, which can be large."""
    read.pop("outputs", None)
    read.pop("attachments", None)
    return read


def _cells(notebook: Any) -> list[Any]:
    if type(notebook) is dict:
        if type(notebook.get("cells")) is list:
            return list(notebook["cells"])
        if type(notebook.get("worksheets")) is list:  # format 3
            sheets = [sheet for sheet in notebook["worksheets"] if type(sheet) is dict]
            return [c for sheet in sheets for c in sheet.get("cells", []) if type(c) is dict]
    raise UnreadableError("is not a notebook: it has no cells")


def _code(cell: Any) -> str | None:
    if type(cell) is not dict or cell.get("cell_type") != "code":
        return None
    source = cell.get("source", cell.get("input", ""))
    if type(source) is list:
        source = "".join(line for line in source if type(line) is str)
    return clean(source).replace("\r\n", "\n") if type(source) is str else None
