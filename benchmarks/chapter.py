"""Each chapter's solution, executed from top to bottom in a fresh kernel."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from nbformat.v4 import new_code_cell

from benchmarks.clock import ROOT
from benchmarks.rows import Row, at_most
from lora_course.authoring.build import execute, solution_path, sources
from lora_course.authoring.source import chapter_number, read_source, variant

# Runs first: from here on, the CPU seconds so far are noted at the end of every cell.
CLOCK = """
import time as _time
_ends = []
get_ipython().events.register("post_run_cell", lambda r: _ends.append(_time.process_time()))
"""
# The peak is read from the kernel's own memory map where there is one: ru_maxrss starts from what
# the parent held when it launched the kernel, and this parent may hold torch.
USAGE = """
import json as _json, pathlib as _pathlib, resource as _resource, sys as _sys
_used = [_resource.getrusage(w) for w in (_resource.RUSAGE_SELF, _resource.RUSAGE_CHILDREN)]
_peak = max(u.ru_maxrss for u in _used) * (1 if _sys.platform == "darwin" else 1024)
_status = _pathlib.Path("/proc/self/status")
if _status.exists():
    _lines = dict(l.split(":", 1) for l in _status.read_text().splitlines() if ":" in l)
    _peak = int(_lines["VmHWM"].split()[0]) * 1024
_cpu = sum(u.ru_utime + u.ru_stime for u in _used)
print(_json.dumps({"cpu": _cpu, "peak": _peak, "ends": _ends}))
"""


@dataclass(frozen=True)
class Usage:
    """CPU seconds and peak memory in bytes of one chapter's kernel, start of Python included.

    `cells`: the CPU seconds of each code cell's own process, by the cell's id.
    """

    cpu: float
    peak: int
    cells: dict[str, float]


def usage(source: Path) -> Usage:
    """Execute one chapter's solution and see what it takes."""
    notebook = variant(read_source(source), solved=True)
    ids = [cell.id for cell in notebook.cells if cell.cell_type == "code"]
    notebook.cells = [new_code_cell(CLOCK), *notebook.cells, new_code_cell(USAGE)]
    executed = execute(notebook, solution_path(source).parent)
    figures = json.loads(executed.cells[-1].outputs[0]["text"])
    seconds = [after - before for before, after in pairwise(figures["ends"])]
    cells = dict(zip(ids, seconds, strict=True))
    return Usage(figures["cpu"], figures["peak"], cells)


def rows(source: Path, used: Usage) -> list[Row]:
    """What one chapter took, beside its budget."""
    number = chapter_number(source)
    what = f"chapter {number}'s solution, start to end"
    name = f"chapter.{number:02d}"
    return [
        Row(f"{name}.cpu", what, used.cpu, "s", at_most(60)),
        Row(f"{name}.memory", f"{what}: peak memory", used.peak / 1e6, "MB", at_most(700)),
    ]


def measure() -> list[Row]:
    """CPU time and memory of all chapters."""
    return [row for source in sources(ROOT / "notebooks") for row in rows(source, usage(source))]
