"""Notes what each cell of a notebook takes: IPython runs a copy of this file as a kernel starts.

Nothing of the course is imported here: a chapter has to meet the kernel as it is for a learner.
The kernel writes a line of JSON for its start and one after each cell.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path

FOLDER = "LORA_COURSE_CELL_CLOCK"  # where the kernels write, each a file of its own


def _used() -> dict[str, float]:
    """CPU seconds so far, of the kernel and of what it ran; the most memory it held, in bytes."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    used = [resource.getrusage(kind) for kind in kinds]
    peak = max(one.ru_maxrss for one in used) * (1 if sys.platform == "darwin" else 1024)
    # ru_maxrss starts from what the parent held when it launched the kernel; the kernel's own
    # memory map tells its own peak.
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        peak = int(lines["VmHWM"].split()[0]) * 1024
    return {"cpu": sum(one.ru_utime + one.ru_stime for one in used), "peak": peak}


def _pace() -> float:
    """CPU seconds of a piece of work that is always the same: how fast the machine is just now."""
    before = time.process_time()
    json.loads(json.dumps([{"place": place, "square": place * place} for place in range(5_000)]))
    return time.process_time() - before


def _write(source: str) -> None:
    with Path(os.environ[FOLDER], f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"cell": source.strip(), **_used(), "pace": _pace()}) + "\n")


if FOLDER in os.environ:
    _write("")
    get_ipython().events.register(  # type: ignore[name-defined]  # noqa: F821  # in every kernel
        "post_run_cell", lambda result: _write(result.info.raw_cell or "")
    )
