"""What is kept of a learner between sessions: points, guesses, what was recalled. A file each.

The files are the learner's own, on this machine; they go nowhere.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from lora_course.files import read_object, write_whole

# Another file of points than the usual one, and the others beside it: for several learners on one
# account, and for tests.
VARIABLE = "LORA_COURSE_PROGRESS"
OFF = "off"  # as its value: nothing is kept or told, for whoever runs the answers of others
POINTS = "progress"


def is_kept() -> bool:
    """Whether there is anyone of whom something is to be kept."""
    return os.environ.get(VARIABLE) != OFF


def file(name: str = POINTS) -> Path:
    """Where `name` is kept: in the folder that the system has for a program's data."""
    from platformdirs import user_data_path

    chosen = os.environ.get(VARIABLE)
    points = Path(chosen) if chosen else user_data_path("lora-course", False) / f"{POINTS}.json"
    return points if name == POINTS else points.with_name(f"{name}.json")


def read(name: str = POINTS) -> dict[str, Any]:
    """What is kept as `name`; {} where the file is missing or is not ours."""
    return read_object(file(name)) if is_kept() else {}


def keep(name: str, key: str, value: Any) -> None:
    """Keep `value`, plain data, under `key`; nothing where that cannot be."""
    if not is_kept():
        return
    with suppress(OSError):
        file(name).parent.mkdir(parents=True, exist_ok=True)
        write_whole(file(name), json.dumps(read(name) | {key: value}, indent=1).encode())
