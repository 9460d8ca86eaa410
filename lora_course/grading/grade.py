"""Grade one file: run its code, ask its answers, let the questions' official checks judge."""

from __future__ import annotations

import ast
import random
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from lora_course.chapters.rooms import questions_of, room_of
from lora_course.checks.question import Question
from lora_course.checks.result import Outcome, Result
from lora_course.grading.cell_code import digest
from lora_course.grading.flags import flags, imported, told
from lora_course.grading.needed_cells import NeededCells
from lora_course.grading.notebook import UnreadableError, code_cells, read_bytes
from lora_course.grading.recognised import other_chapter
from lora_course.grading.records import Graded, Status
from lora_course.grading.remote import KernelAnswer
from lora_course.grading.replay import GivenUpError, Replay
from lora_course.grading.session import Session
from lora_course.sandbox.limits import Limits
from lora_course.sandbox.shown import require_hidden

MISSING = re.compile(r"name '(\w+)' is not defined")


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
    notebook_mb: int = 100
    sandboxed: bool = True
    all_cells: bool = False


def grade(job: Job) -> Iterator[Graded]:
    """Grade step by step: each grade holds one question more, so that none is lost on the way."""
    started = time.monotonic()
    graded = blank(job)
    try:
        cells = code_cells(read_bytes(Path(job.path), job.notebook_mb))
    except UnreadableError as error:
        yield replace(graded, status=Status.UNREADABLE, reason=str(error))
        return
    other = other_chapter(cells, job.chapter)
    if other:
        reason = f"is chapter {other}'s notebook; this is the grading of chapter {job.chapter}"
        yield replace(graded, status=Status.CHAPTER, reason=reason)
        return
    if job.sandboxed:
        require_hidden("the submission", Path(job.path))
    grading = _Grading(job, cells)
    results, courses = dict(graded.results), {}
    try:
        for question in questions_of(job.chapter):
            results[question.name], courses[question.function] = grading.result(question)
            troubles = grading.replay.troubles
            status, reason = troubles[0] if troubles else (Status.OK, "")
            graded = replace(
                graded,
                results=dict(results),
                cells=grading.replay.told(),
                flags=told(courses, grading.flags),
                status=status,
                reason=reason,
                seconds=round(time.monotonic() - started, 1),
            )
            yield graded
    finally:
        grading.replay.close()


class _Grading:
    """The cells of one file, as they are run, and the questions put to them."""

    def __init__(self, job: Job, cells: list[str]) -> None:
        built = room_of(job.chapter).read_built()
        self._job = job
        own = {place for place, code in enumerate(cells) if digest(code) not in built["cells"]}
        imports = {name for _, name in imported(ast.parse("\n".join(built["imports"])))}
        self._needed = NeededCells(cells, own)
        self.flags = flags(self._needed, imports)
        limits = Limits(memory_mb=job.memory_mb)
        self.replay = Replay(
            cells,
            lambda: Session(limits, sandboxed=job.sandboxed),
            cell_seconds=job.cell_seconds,
            seconds=job.seconds,
            places=self._needed.everything if job.all_cells else self._needed.places(),
            own=own,
            imports=built["imports"],
        )
        with suppress(GivenUpError):  # each question says so itself
            self.replay.run()

    def result(self, question: Question) -> tuple[Result, str]:
        """The question's result, and whose code of the course's the answer is."""
        while True:
            draws = random.Random(f"{self._job.seed}/{self._job.file}/{question.name}")
            answer = KernelAnswer(self.replay, question.function, question.probe)
            result = question.grade(answer, draws)
            more = self._more(result) - self.replay.places
            if not more:
                return self._blank_below(question, result), answer.course
            self.replay.run_more(more)

    def _more(self, result: Result) -> set[int]:
        """Cells that were left out and may have to be run after all.

        A wrong answer is no such sign where the names that it uses can be read off the code: wrong
        answers are many, and the demonstrations take minutes.
        """
        if result.outcome in (Outcome.CORRECT, Outcome.NOT_ATTEMPTED):
            return set()
        if not self._needed.certain:
            return self._needed.everything
        words = " ".join(finding.message for finding in result.findings)
        missing = [name for name in MISSING.findall(words) if self._needed.binding(name)]
        return self._needed.places(missing) if missing else set()

    def _blank_below(self, question: Question, result: Result) -> Result:
        """The result with a word on an answer that a blank exercise below it has undone."""
        *above, last = self._needed.binding(question.function) or [0]
        if result.outcome is not Outcome.NOT_ATTEMPTED or not above:
            return result
        numbers = ", ".join(str(place + 1) for place in above)
        words = (
            f"{question.function} is defined in cell {numbers}, and once more in cell"
            f" {last + 1}, which still returns the dots: the last one counts. Put your"
            " answer there."
        )
        findings = (replace(finding, message=words) for finding in result.findings)
        return replace(result, findings=tuple(findings))


def blank(job: Job) -> Graded:
    """The grade of a file in which no question was attempted."""
    results = {question.name: question.not_attempted() for question in questions_of(job.chapter)}
    return Graded(job.file, job.learner, job.chapter, Status.OK, results)
