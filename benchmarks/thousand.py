"""A thousand blank submissions: whether the grader's own memory stays as it is. Ten minutes."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.grading import CHAPTER, JOB, answers_only, seconds
from benchmarks.rows import Row, at_most
from lora_course.grading.batch import grade_all, report, tasks_for
from lora_course.grading.folder import submissions
from lora_course.grading.records import Graded, Status
from lora_course.grading.store import GradeStore

FILES, WARM, WORKERS = 1000, 100, 2


def resident() -> float:
    """MB that this process holds; Linux only."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def measure() -> list[Row]:
    """Memory after 100 files and after all of them, table and summary included."""
    # Without the chapter's imports, which take four of a blank notebook's five seconds.
    content = answers_only(CHAPTER, solved=False, imports=False)
    held: list[float] = []

    def progress(graded: Graded) -> None:
        assert (graded.status, graded.score) == (Status.OK, 0), graded
        held.append(resident())

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "submissions")
        folder.mkdir()
        for number in range(FILES):
            (folder / f"{number:04d}.ipynb").write_bytes(content)
        store = GradeStore(Path(scratch, "out"), "seed")
        tasks = tasks_for(submissions(folder), JOB)

        def run() -> None:
            grade_all(tasks, store, workers=WORKERS, scheduler=None, progress=progress)
            report(tasks, store)

        took = seconds(run)
    growth = max(*held[WARM:], resident()) - held[WARM - 1]
    what = f"{FILES:,} blank notebooks, `--jobs {WORKERS}`"
    return [
        Row("thousand.growth", f"{what}: memory over that at {WARM}", growth, "MB", at_most(10)),
        Row("thousand.held", f"{what}: memory of the grader's own process", max(held), "MB"),
        Row("thousand.rate", what, 60 * FILES / took, "/min"),
    ]
