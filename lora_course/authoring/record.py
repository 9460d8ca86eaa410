"""What was seen when a chapter was run, kept until something changes that the run depends on.

A chapter is run twice: solved, by nbval, which compares its outputs with the saved ones; and blank,
in JupyterLab. All tests and figures of what a run gives or takes read these two records.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from filelock import FileLock

from lora_course import learner
from lora_course.authoring import cell_clock
from lora_course.authoring.build import solution_path
from lora_course.authoring.closure import ROOT, fingerprint
from lora_course.authoring.source import read_source, variant
from lora_course.chapters.rooms import Room
from lora_course.display.plots import SERVED
from lora_course.files import read_object, write_whole

FOLDER = ROOT / "build" / "records"
NBVAL = ("-p", "nbval", "--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout", "600")
# Seconds that the clock's piece of work takes on the core whose seconds the chapters' texts tell.
PACE = 0.0031
SANITIZE = ROOT / "tests" / "nbval_sanitize.cfg"
STARTS = 3  # of kernels that never come up: two that start at once may be given the same ports


class RunFailedError(RuntimeError):
    """A chapter did not run, or gave other outputs; the message holds what was printed."""


@dataclass(frozen=True)
class Solved:
    """What the solution took: CPU seconds and peak memory in bytes, the kernel's start included.

    `cells`: the CPU seconds of each code cell, by its id. All seconds are those of one core,
    `PACE`: a machine half as fast gives the same figures.
    """

    cpu: float
    peak: int
    cells: dict[str, float]


def solved(room: Room, notebooks: Path) -> Solved:
    """The record of the solution's run, made anew where something changed since."""
    key = fingerprint(room, solution_path(room, notebooks))
    return Solved(**recorded(room, "solved", key, lambda: asdict(run_solved(room, notebooks))))


def recorded(room: Room, kind: str, key: str, run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The record that was kept under `key`; else what `run` gives, kept from now on.

    One process at a time runs a chapter; others wait for its record.
    """
    folder = FOLDER / room.name
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{kind}.json"
    with FileLock(folder / f"{kind}.lock"):
        kept = read_object(file)
        content = kept.get("content")
        if kept.get("key") == key and isinstance(content, dict):
            return content
        content = run()
        write_whole(file, json.dumps({"key": key, "content": content}, indent=1).encode())
        return content


def run_solved(room: Room, notebooks: Path) -> Solved:
    """Let nbval run the solution, as a user would call it, and see what each cell took."""
    path = solution_path(room, notebooks)
    with _kernels_that_write() as (environment, written):
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-o", "addopts="]
        command += [*NBVAL, "--nbval-sanitize-with", str(SANITIZE), "-q", str(path)]
        for _ in range(STARTS):
            done = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
            )
            if list(written.glob("*.jsonl")):
                break
        if done.returncode != 0:
            raise RunFailedError(f"{path.name}:\n{done.stdout[-6000:]}\n{done.stderr[-2000:]}")
        (file,) = written.glob("*.jsonl")
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return _taken(room, lines)


@contextmanager
def _kernels_that_write() -> Iterator[tuple[dict[str, str], Path]]:
    """An environment in which each kernel notes what its cells take, in a folder."""
    with tempfile.TemporaryDirectory(prefix="record-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        startup = folder / "ipython" / "profile_default" / "startup"
        startup.mkdir(parents=True)
        shutil.copyfile(cell_clock.__file__, startup / "00-cell-clock.py")
        yield (
            {name: value for name, value in os.environ.items() if name != SERVED}
            | {
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # nbval alone is needed: it starts faster
                "IPYTHONDIR": str(folder / "ipython"),
                cell_clock.FOLDER: scratch,
                learner.VARIABLE: str(folder / "progress.json"),  # not the author's own
            },
            folder,
        )


def _taken(room: Room, lines: list[dict[str, Any]]) -> Solved:
    """CPU seconds by cell: from the end of the cell before to its own."""
    faster = PACE / median(line["pace"] for line in lines)
    cells = variant(read_source(room), solved=True).cells
    ids = {cell.source.strip(): cell.id for cell in cells if cell.cell_type == "code"}
    seconds = {
        ids[after["cell"]]: faster * (after["cpu"] - before["cpu"])
        for before, after in pairwise(lines)
        if after["cell"] in ids
    }
    missing = [name for name in ids.values() if name not in seconds]
    if missing:
        raise RunFailedError(f"{room.name}: nothing was noted of the cells {', '.join(missing)}")
    return Solved(faster * lines[-1]["cpu"], max(line["peak"] for line in lines), seconds)
