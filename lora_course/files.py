"""Files that are whole or not there, blocks that commands write, what others may have left."""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent  # the folder of the course itself; its name is the package's

SOCKET_PATH = 107  # characters, at most


def folder_for_sockets(inside: int) -> str:
    """Where to make temporary folders for sockets: where `inside` characters more still fit."""
    folder = tempfile.gettempdir()
    return folder if len(folder) + inside <= SOCKET_PATH else "/tmp"


def write_whole(path: Path, content: bytes) -> Path:
    """Write beside the file, then take its place: a reader, or a crash, never leaves half of it."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def read_block(text: str, name: str) -> str | None:
    """What stands between the lines <!-- name --> and <!-- /name -->; None without them."""
    found = _block(name).search(text)
    return None if found is None else found[0]


def replace_block(text: str, name: str, content: str) -> str:
    """`text` with `content` in that place; ValueError where it has none."""
    if read_block(text, name) is None:
        raise ValueError(
            f"there are no lines <!-- {name} --> and <!-- /{name} --> to write between"
        )
    return _block(name).sub(lambda _: content, text, count=1)


def _block(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file; {} where there is no file, or it holds anything else."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
