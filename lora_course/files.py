"""Files that are whole or not there, and what other programs may have left in their place."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def write_whole(path: Path, content: bytes) -> Path:
    """Write beside the file, then take its place: a reader, or a crash, never leaves half of it."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file; {} where there is no file, or it holds anything else."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
