"""Each chapter's solution, executed from top to bottom in a fresh kernel."""

from __future__ import annotations

import json
from pathlib import Path

from nbformat.v4 import new_code_cell

from benchmarks.clock import ROOT
from benchmarks.rows import Row, at_most
from lora_course.authoring.build import execute, solution_path, sources
from lora_course.authoring.source import chapter_number, read_source, variant

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
print(_json.dumps({"cpu": sum(u.ru_utime + u.ru_stime for u in _used), "peak": _peak}))
"""


def usage(source: Path) -> dict[str, float]:
    """CPU seconds and peak memory in bytes of one chapter's kernel, start of Python included."""
    notebook = variant(read_source(source), solved=True)
    notebook.cells.append(new_code_cell(USAGE))
    executed = execute(notebook, solution_path(source).parent)
    figures: dict[str, float] = json.loads(executed.cells[-1].outputs[0]["text"])
    return figures


def measure_chapter(source: Path) -> list[Row]:
    """CPU time and peak memory of one chapter, executed once."""
    figures, number = usage(source), chapter_number(source)
    what = f"chapter {number}'s solution, start to end"
    name = f"chapter.{number:02d}"
    return [
        Row(f"{name}.cpu", what, figures["cpu"], "s", at_most(60)),
        Row(f"{name}.memory", f"{what}: peak memory", figures["peak"] / 1e6, "MB", at_most(700)),
    ]


def measure() -> list[Row]:
    """CPU time and memory of all chapters."""
    return [row for source in sources(ROOT / "notebooks") for row in measure_chapter(source)]
