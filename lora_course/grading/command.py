"""`lora-course grade`: from a folder of submissions to grades, feedback and a summary."""

from __future__ import annotations

import argparse
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from lora_course.arguments import positive, whole
from lora_course.chapters.rooms import questions_of
from lora_course.grading import batch
from lora_course.grading.folder import FolderError, read_roster, submissions
from lora_course.grading.grade import Job
from lora_course.grading.records import Graded
from lora_course.grading.store import GRADES, GradeStore, StoreError
from lora_course.grading.supervise import stop
from lora_course.sandbox.kernel import try_out
from lora_course.sandbox.limits import Limits, SandboxError
from lora_course.sandbox.shown import require_hidden
from lora_course.workers import SchedulerError

# What goes wrong for reasons that an instructor can mend; the message says how.
EXPECTED = (ValueError, FolderError, StoreError, SandboxError, SchedulerError)
STOPPED = 130  # the exit status of a program that Ctrl-C ended
UNSAFE = "--unsafe: submissions run without a sandbox and can do on this machine whatever you can."


EDITED = "{table} has changed since it was written; it is kept as {kept}, and written anew."


def job_from(options: argparse.Namespace) -> Job:
    """The settings that all submissions share; ValueError for one that cannot be."""
    questions_of(options.chapter)
    Limits(memory_mb=options.memory)
    return Job(
        path="",
        file="",
        learner="",
        chapter=options.chapter,
        seed="",
        cell_seconds=positive("cell-timeout", options.cell_timeout),
        seconds=positive("timeout", options.timeout),
        memory_mb=options.memory,
        notebook_mb=whole("max-file", options.max_file),
        sandboxed=not options.unsafe,
        all_cells=options.all_cells,
    )


After = Callable[[Iterable[Graded]], None]
"""What is done with all grades when none is missing, such as filling in a gradebook."""


def run(options: argparse.Namespace, after: After) -> int:
    """Grade the folder; the exit status."""
    if sys.platform == "win32":
        raise ValueError("Windows has no sandbox for submissions: grade in WSL, which is Linux")
    job, workers = job_from(options), whole("jobs", options.jobs)
    roster = read_roster(options.roster) if options.roster else {}
    found = submissions(options.folder, roster)
    _require_outside(options.folder, options.out)
    if options.unsafe:
        print(UNSAFE, file=sys.stderr)
    else:
        private = {"FOLDER": options.folder, "--out": options.out, "--roster": options.roster}
        for name, path in private.items():
            if path is not None:
                require_hidden(name, path)
        try_out(Limits(memory_mb=options.memory))
    store = GradeStore(options.out, options.seed)
    if store.edited:
        print(EDITED.format(table=options.out / GRADES, kept=store.edited), file=sys.stderr)
    tasks = batch.tasks_for(found, replace(job, seed=store.seed))
    counts: Counter[str] = Counter()
    stopped = False
    with tqdm(total=len(tasks), unit="file", disable=options.quiet) as bar:

        def progress(graded: Graded) -> None:
            counts[graded.status.value] += 1
            bar.set_postfix_str(", ".join(f"{n} {status}" for status, n in counts.items()))
            bar.update()

        before = signal.signal(signal.SIGTERM, _stop)
        try:
            batch.grade_all(
                tasks, store, workers=workers, scheduler=options.scheduler, progress=progress
            )
        except KeyboardInterrupt:
            stopped = True
            stop()
        finally:
            signal.signal(signal.SIGTERM, before)
            batch.report(tasks, store, set(roster.values()))
    _tell(options.out, counts, len(tasks))
    if stopped:
        return STOPPED
    kept = (store.kept(task.submission.page, task.job) for task in tasks)
    after(graded for graded in kept if graded is not None)
    return 0


def _stop(*_: object) -> None:
    """End as after Ctrl-C, with nothing left behind."""
    raise KeyboardInterrupt


def _require_outside(folder: Path, out: Path) -> None:
    """Refuse an output folder among the submissions: its files would be graded next time."""
    if out.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"--out {out} lies in the folder of submissions; choose one beside it")


def _tell(out: Path, counts: Counter[str], total: int) -> None:
    done = sum(counts.values())
    print(f"{done} of {total} files graded: " + ", ".join(f"{n} {s}" for s, n in counts.items()))
    if done < total:
        print("Stopped. What is graded is kept; the same command goes on from there.")
    print(f"Grades: {out / GRADES}   Summary: {out / batch.SUMMARY}")


def main(options: argparse.Namespace, after: After) -> int:
    """The command; returns its exit status."""
    try:
        return run(options, after)
    except EXPECTED as error:
        print(f"lora-course grade: {error}", file=sys.stderr)
        return 2
