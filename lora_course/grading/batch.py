"""Grade a folder: what is done is kept, what is left is graded, table and summary are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from lora_course.chapters.rooms import questions_of
from lora_course.files import write_whole
from lora_course.grading import table
from lora_course.grading.feedback import page
from lora_course.grading.folder import Submission
from lora_course.grading.grade import Job, blank
from lora_course.grading.records import Graded, Status
from lora_course.grading.store import GradeStore
from lora_course.grading.summary import Summary
from lora_course.grading.supervise import supervise
from lora_course.workers import carry_out

GRADES = "grades.csv"
SUMMARY = "summary.html"


@dataclass(frozen=True)
class GradingTask:
    """A submission and the job that grades it."""

    submission: Submission
    job: Job


def tasks_for(found: Sequence[Submission], job: Job) -> list[GradingTask]:
    """A task a submission, with the settings of `job`."""
    return [
        GradingTask(one, replace(job, path=str(one.path), file=one.file, learner=one.learner))
        for one in found
    ]


def grade_all(
    tasks: Sequence[GradingTask],
    store: GradeStore,
    *,
    workers: int,
    scheduler: str | None,
    progress: Callable[[Graded], None],
) -> None:
    """Grade what `store` does not hold yet; each grade is kept and in the table at once."""
    questions = questions_of(tasks[0].job.chapter)
    left = []
    lines = [table.header([question.name for question in questions])]
    for task in tasks:
        done = store.done(task.submission.page, task.job)
        if done is None:
            left.append(task)
        else:
            lines.append(table.row(done))
            progress(done)
    write_whole(store.folder / GRADES, "".join(lines).encode())
    arguments = [(task.job,) for task in left]
    outcomes = carry_out(supervise, arguments, workers=workers, scheduler=scheduler, threads=True)
    for place, (outcome, trouble) in outcomes:
        task = left[place]
        failed = replace(blank(task.job), status=Status.GRADER, reason=trouble[:300])
        graded = failed if outcome is None else outcome
        store.keep(task.submission.page, task.job, graded, page(graded, questions))
        with (store.folder / GRADES).open("a", encoding="utf-8", newline="") as file:
            file.write(table.row(graded))
        progress(graded)


def report(
    tasks: Sequence[GradingTask], store: GradeStore, learners: Iterable[str] = ()
) -> Summary:
    """Write the table in the order of the files, and the summary; one grade at a time is read.

    `learners` of the roster who handed in nothing get a line at the end of the table.
    """
    chapter = tasks[0].job.chapter
    names = [question.name for question in questions_of(chapter)]
    summary, lines, seen = Summary(), [table.header(names)], set()
    for task in tasks:
        graded = store.kept(task.submission.page, task.job)
        if graded is not None:
            seen.add(graded.learner)
            lines.append(table.row(graded))
            summary.add(graded, f"feedback/{task.submission.page}.html")
    lines += [table.missing(learner, names) for learner in sorted(set(learners) - seen)]
    write_whole(store.folder / GRADES, "".join(lines).encode())
    write_whole(store.folder / SUMMARY, summary.html(chapter).encode())
    return summary
