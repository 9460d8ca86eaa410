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
    store.write_grades("".join(lines))
    arguments = [(task.job,) for task in left]
    outcomes = carry_out(supervise, arguments, workers=workers, scheduler=scheduler, threads=True)
    for place, (outcome, trouble) in outcomes:
        task = left[place]
        failed = replace(blank(task.job), status=Status.GRADER, reason=trouble[:300])
        graded = failed if outcome is None else outcome
        store.keep(task.submission.page, task.job, graded, page(graded, questions))
        store.write_grades(table.row(graded), more=True)
        progress(graded)


def report(
    tasks: Sequence[GradingTask], store: GradeStore, learners: Iterable[str] = ()
) -> Summary:
    """Write the table in the order of the files, and the summary; one grade at a time is read.

    A file that was not come to has a line, too, and `learners` of the roster who handed in nothing
    have theirs at the end.
    """
    chapter = tasks[0].job.chapter
    names = [question.name for question in questions_of(chapter)]
    summary, lines, seen = Summary(), [table.header(names)], set()
    for task in tasks:
        one = task.submission
        graded = store.kept(one.page, task.job)
        seen.add(one.learner)
        if graded is None:
            lines.append(table.waiting(one.file, one.learner, names))
        else:
            lines.append(table.row(graded))
            summary.add(graded, f"feedback/{one.page}.html")
    absent = sorted(set(learners) - seen)
    lines += [table.missing(learner, names) for learner in absent]
    store.write_grades("".join(lines))
    write_whole(store.folder / SUMMARY, summary.html(chapter, len(absent)).encode())
    return summary
