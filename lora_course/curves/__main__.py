"""`python -m lora_course.curves`: compute the stored curves again (over an hour on one core)."""

from __future__ import annotations

import argparse
from pathlib import Path

from lora_course.compare.command import compare
from lora_course.compare.files import write_whole
from lora_course.compare.written import as_json
from lora_course.curves import RATES, TASKS, curve_path, curve_settings
from lora_course.validation import whole


def main() -> None:
    """Compute the runs that the work folder does not hold yet; store each sweep once finished."""
    parser = argparse.ArgumentParser(prog="python -m lora_course.curves", description=__doc__)
    parser.add_argument("tasks", nargs="*", default=list(TASKS), help=", ".join(TASKS))
    parser.add_argument("--jobs", type=int, default=1, help="processes on this machine")
    parser.add_argument("--scheduler", help="a Dask cluster instead")
    parser.add_argument("--work", type=Path, default=Path("build/curves"), help="unfinished work")
    options = parser.parse_args()
    for task in options.tasks:
        if task not in TASKS:
            parser.error(f"tasks: {task!r} is not one of {', '.join(TASKS)}")
    for task, rate in [(task, rate) for task in options.tasks for rate in RATES]:
        comparison = compare(
            curve_settings(task, rate),
            options.work / f"{task}_{rate:g}",
            workers=whole("jobs", options.jobs),
            scheduler=options.scheduler,
        )
        if len(comparison.runs) < comparison.wanted:
            raise SystemExit(f"{task}, rate {rate:g}: {'; '.join(comparison.notes)}")
        print(f"wrote {write_whole(curve_path(task, rate), as_json(comparison).encode())}")


if __name__ == "__main__":
    main()
