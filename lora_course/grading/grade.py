"""Grade one file: run its code, ask its answers, let the questions' official checks judge."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from lora_course.chapters.rooms import questions_of
from lora_course.checks.question import Question
from lora_course.checks.result import Result
from lora_course.grading.course_cells import handed_out, needed
from lora_course.grading.notebook import UnreadableError, code_cells, read_bytes
from lora_course.grading.records import Graded, Status
from lora_course.grading.remote import KernelAnswer
from lora_course.grading.replay import GivenUpError, Replay
from lora_course.grading.session import Session
from lora_course.sandbox.limits import Limits


@dataclass(frozen=True)
class Job:
    """One file to grade. Times in seconds; `seed` with the file's name gives all fresh inputs."""

    path: str
    file: str
    learner: str
    chapter: int
    seed: str
    cell_seconds: float = 120.0
    seconds: float = 900.0
    memory_mb: int = 2048
    sandboxed: bool = True
    all_cells: bool = False


def grade(job: Job) -> Iterator[Graded]:
    """Grade step by step: each grade holds one question more, so that none is lost on the way."""
    started = time.monotonic()
    questions = questions_of(job.chapter)
    graded = blank(job)
    try:
        cells = code_cells(read_bytes(Path(job.path)))
    except UnreadableError as error:
        yield replace(graded, status=Status.UNREADABLE, reason=str(error))
        return
    limits = Limits(memory_mb=job.memory_mb)
    replay = Replay(
        cells,
        lambda: Session(limits, sandboxed=job.sandboxed),
        cell_seconds=job.cell_seconds,
        seconds=job.seconds,
        places=None if job.all_cells else needed(cells, handed_out(job.chapter)),
    )
    results = dict(graded.results)
    try:
        with suppress(GivenUpError):  # each question says so itself
            replay.run()
        for question in questions:
            result = _result(question, replay, job)
            if _name_missing(result) and replay.run_everything():
                result = _result(question, replay, job)
            results[question.name] = result
            notes = tuple(note for _, note in sorted(replay.notes.items()))
            status, reason = replay.troubles[0] if replay.troubles else (Status.OK, "")
            seconds = round(time.monotonic() - started, 1)
            graded = replace(
                graded,
                results=dict(results),
                cells=notes,
                status=status,
                reason=reason,
                seconds=seconds,
            )
            yield graded
    finally:
        replay.close()


def _result(question: Question, replay: Replay, job: Job) -> Result:
    draws = random.Random(f"{job.seed}/{job.file}/{question.name}")
    return question.grade(KernelAnswer(replay, question.function, question.probe), draws)


def _name_missing(result: Result) -> bool:
    """Whether a name was not there: perhaps one of a cell that was thought not to matter.

    A wrong result is no such sign. `needed` leaves out no cell that may change what an answer
    reads, and wrong answers are many: to run the demonstrations for each would take minutes.
    """
    return any("NameError" in finding.message for finding in result.findings)


def blank(job: Job) -> Graded:
    """The grade of a file in which no question was attempted."""
    results = {question.name: question.not_attempted() for question in questions_of(job.chapter)}
    return Graded(job.file, job.learner, job.chapter, Status.OK, results)
