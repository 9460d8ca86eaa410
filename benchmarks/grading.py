"""What grading costs over running the notebooks, and what two processes gain."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from benchmarks.clock import ROOT
from benchmarks.rows import Row, at_least, at_most
from lora_course.authoring.build import execute, solution_path
from lora_course.authoring.source import read_source, variant
from lora_course.chapters.rooms import Room, rooms
from lora_course.grading.batch import grade_all, tasks_for
from lora_course.grading.folder import submissions
from lora_course.grading.grade import Job
from lora_course.grading.store import GradeStore
from lora_course.grading.supervise import supervise

REPEATS, COPIES = 5, 12
CHAPTER = max(rooms(), key=lambda room: sum(q.max_points for q in room.questions()))
JOB = Job("", "", "", CHAPTER.number, "seed")


def answers_only(room: Room, *, solved: bool, imports: bool = True) -> bytes:
    """The chapter's imports and exercises, as a notebook."""
    cells = variant(read_source(room), solved=solved).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    kept = [cell.source for cell in code if "question" in cell.metadata]
    if imports:
        kept.insert(0, code[0].source)
    notebook = new_notebook(cells=[new_code_cell(code) for code in kept])
    return nbformat.writes(notebook).encode()


def seconds(call: Callable[[], object]) -> float:
    """Wall time: the kernels' CPU time is not to be had, as they are ended, not waited for."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def bare(path: Path) -> None:
    """Run the notebook as an author's build does."""
    execute(nbformat.read(path, as_version=4), path.parent)


def graded(path: Path) -> None:
    """Grade it; a lost point would make the figure worthless."""
    result = supervise(replace(JOB, path=str(path), file=path.name))
    assert result.score == result.max_score, result


def throughput(folder: Path, out: Path, workers: int) -> float:
    """Submissions a second."""
    store = GradeStore(out, "seed")
    tasks = tasks_for(submissions(folder), JOB)

    def run() -> None:
        grade_all(tasks, store, workers=workers, scheduler=None, progress=lambda graded: None)

    return len(tasks) / seconds(run)


def measure() -> list[Row]:
    """Wall times, taken in turn: run this on a machine that does nothing else."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "submissions")
        folder.mkdir()
        for number in range(COPIES):
            Path(folder, f"{number}.ipynb").write_bytes(answers_only(CHAPTER, solved=False))
        rates = {n: throughput(folder, Path(scratch, f"out{n}"), n) for n in (1, 2)}
        answers = Path(scratch, "answers.ipynb")
        answers.write_bytes(answers_only(CHAPTER, solved=True))
        bare(answers)
        graded(answers)
        over = [
            seconds(lambda: graded(answers)) - seconds(lambda: bare(answers))
            for _ in range(REPEATS)
        ]
        whole = solution_path(CHAPTER, ROOT / "notebooks")
        chapter = seconds(lambda: graded(whole)) - seconds(lambda: bare(whole))
    return [
        Row(
            "grading.own",
            f"grade chapter {CHAPTER.number}'s solution, over running it with nbclient (wall)",
            chapter,
            "s",
            at_most(1),
        ),
        Row(
            "grading.answers",
            "the same, of a notebook with only the imports and the exercises",
            statistics.median(over),
            "s",
            at_most(1),
        ),
        Row("grading.rate", f"{COPIES} blank notebooks, `--jobs 1`", 60 * rates[1], "/min"),
        Row(
            "grading.jobs",
            "throughput of `--jobs 2` ÷ `--jobs 1`, 2 cores",
            rates[2] / rates[1],
            "×",
            at_least(1.7),
        ),
    ]
