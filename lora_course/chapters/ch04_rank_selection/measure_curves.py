"""Compute the stored curves again, over an hour on one core: run this module by `python -m`."""

from __future__ import annotations

import argparse
from pathlib import Path

from lora_course.arguments import whole
from lora_course.chapters.ch04_rank_selection.experiment import FOLDER, TASKS
from lora_course.compare.command import EXPECTED, compare
from lora_course.compare.written import as_json
from lora_course.files import write_whole


def main() -> None:
    """Compute the runs that the work folder does not hold yet; store each task once finished."""
    parser = argparse.ArgumentParser(prog=f"python -m {__spec__.name}", description=__doc__)
    parser.add_argument("tasks", nargs="*", default=list(TASKS), help=", ".join(TASKS))
    parser.add_argument("--jobs", type=int, default=1, help="processes on this machine")
    parser.add_argument("--scheduler", help="a Dask cluster instead")
    parser.add_argument("--work", type=Path, default=Path("build/curves"), help="unfinished work")
    options = parser.parse_args()
    for task in options.tasks:
        if task not in TASKS:
            parser.error(f"tasks: {task!r} is not one of {', '.join(TASKS)}")
    for task in options.tasks:
        try:
            comparison = compare(
                TASKS[task],
                options.work / task,
                workers=whole("jobs", options.jobs),
                scheduler=options.scheduler,
            )
        except EXPECTED as error:
            parser.error(f"{task}: {error} (--work says where the runs are kept)")
        if comparison.finished < comparison.wanted:
            parser.error(f"{task}: {'; '.join(comparison.notes)}. The same command goes on")
        print(f"wrote {write_whole(FOLDER / f'{task}.json', as_json(comparison).encode())}")


if __name__ == "__main__":
    main()
