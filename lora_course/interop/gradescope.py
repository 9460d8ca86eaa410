"""Grade one submission in Gradescope's container: `lora-course grade`, written as results.json."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from lora_course import __version__
from lora_course.checks.result import Finding, Outcome
from lora_course.files import write_whole
from lora_course.grading.feedback import ADVICE, CUT_SHORT, MEANINGS, NEVER_RUN, points
from lora_course.grading.folder import FolderError, submissions
from lora_course.grading.grade import Job
from lora_course.grading.records import Graded, Status
from lora_course.grading.supervise import supervise
from lora_course.interop.other_user import other_user, possible
from lora_course.interop.parts import explanation
from lora_course.sandbox.kernel import try_out
from lora_course.sandbox.limits import Limits, SandboxError

OTHER_USER = (
    "There is no sandbox in this container, so the notebook was run beside the grader, as a user"
    " who cannot write to the grader's files."
)
SAME_USER = (
    "There is no sandbox in this container, so the notebook was run as the grader's own user: a"
    " notebook made for it could have changed this result."
)
NOT_RUN = (
    "There is no sandbox in this container, so the notebook was not run. Tell your instructor."
)
FAILED = "The grader itself failed. This need not be your doing: tell your instructor."


class SubmissionError(ValueError):
    """There is nothing to grade; the message is for the learner."""


def results(graded: Graded, note: str = "") -> dict[str, Any]:
    """`graded` in the format of Gradescope's results.json, all of its texts as plain text."""
    return {
        "score": graded.score,
        "execution_time": graded.seconds,
        "output": "\n".join([*_about(graded), *([note] if note else [])]),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "tests": list(_tests(graded)),
    }


def _about(graded: Graded) -> Iterator[str]:
    """How grading went, and what the learner can do about it."""
    yield f"{points(graded.score, graded.max_score)}. Status: {graded.status.value}."
    yield f"{MEANINGS[graded.status].capitalize()}."
    if graded.reason:
        subject = "the file " if graded.status in NEVER_RUN else ""
        yield f"What happened: {subject}{graded.reason}."
    if graded.status in ADVICE:
        yield ADVICE[graded.status]
    for cell in graded.cells:
        yield f"Code cell {cell.cell} {cell.text}."


def _tests(graded: Graded) -> Iterator[dict[str, Any]]:
    """One test a part."""
    for number, result in enumerate(graded.results.values(), start=1):
        for place, finding in enumerate(result.findings, start=1):
            yield {
                "name": f"{result.title}: {finding.part}",
                "number": f"{number}.{place}",
                "score": finding.earned,
                "max_score": finding.points,
                "status": "passed" if finding.outcome is Outcome.CORRECT else "failed",
                "output": _text(finding, graded.status),
                "output_format": "text",
                "visibility": "visible",
            }


def _text(finding: Finding, status: Status) -> str:
    if finding.outcome is Outcome.NOT_ATTEMPTED and status in NEVER_RUN:
        return "not checked."
    if finding.outcome is Outcome.NOT_ATTEMPTED and status in CUT_SHORT:
        return "not attempted, or not come to before grading was stopped."
    return explanation(finding)


def grade_folder(options: argparse.Namespace) -> dict[str, Any]:
    """results.json for the one notebook in the folder; SubmissionError when there is not one."""
    path, name = _notebook(options.submission)
    job = Job(
        path=str(path),
        file=name,
        learner="",
        chapter=options.chapter,
        seed=secrets.token_hex(8),
        cell_seconds=options.cell_timeout,
        seconds=options.timeout,
        memory_mb=options.memory,
    )
    try:
        try_out(Limits(memory_mb=options.memory))
    except (SandboxError, OSError, RuntimeError) as error:
        print(f"No sandbox: {error}")  # for the instructor; Gradescope does not show it to learners
        return _without_sandbox(job, options.without_sandbox)
    return results(supervise(job))


def _without_sandbox(job: Job, allowed: bool) -> dict[str, Any]:
    if not allowed:
        return _nothing(NOT_RUN)
    separate = possible()
    limits = Limits(memory_mb=job.memory_mb)
    with other_user(limits) if separate else nullcontext():
        graded = supervise(replace(job, sandboxed=False))
    return results(graded, OTHER_USER if separate else SAME_USER)


def _notebook(folder: Path) -> tuple[Path, str]:
    try:
        found = [one for one in submissions(folder) if one.path.suffix == ".ipynb"]
    except FolderError:
        found = []
    if len(found) == 1:
        return found[0].path, found[0].file
    names = ": " + ", ".join(sorted(one.file for one in found)) if found else ""
    raise SubmissionError(
        f"There {'are' if found else 'is'} {len(found) or 'no'} .ipynb file{'s' * (len(found) > 1)}"
        f" in what you handed in{names}. Hand in the chapter's notebook, and no other."
    )


def _nothing(why: str) -> dict[str, Any]:
    """No points, and why: parts that nobody looked at are not shown."""
    return {"score": 0, "output": why, "output_format": "text"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write results.json, whatever happens; 1 when the grader itself failed."""
    parser = argparse.ArgumentParser(prog="python -m lora_course.interop.gradescope")
    parser.add_argument("submission", type=Path, help="the folder with the notebook")
    parser.add_argument("results", type=Path, help="the file to write")
    parser.add_argument("--chapter", type=int, required=True, help="whose questions to grade")
    parser.add_argument("--cell-timeout", type=float, default=120, help="seconds; default: 120")
    # Gradescope stops everything after ten minutes, unless told otherwise, and shows nothing then.
    parser.add_argument("--timeout", type=float, default=480, help="seconds in all; default: 480")
    parser.add_argument("--memory", type=int, default=2048, help="MB; default: 2048")
    parser.add_argument(
        "--without-sandbox",
        action="store_true",
        help="where bubblewrap cannot start, run the notebook all the same: only in a container"
        " made for this one submission",
    )
    options = parser.parse_args(arguments)
    status = 0
    try:
        record = grade_folder(options)
    except SubmissionError as error:
        record = _nothing(str(error))
    except Exception as error:  # contained: without a results.json a learner sees no reason at all
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        record, status = _nothing(FAILED), 1
    record["extra_data"] = {"lora_course": __version__}
    write_whole(options.results, (json.dumps(record, indent=1) + "\n").encode())
    return status


if __name__ == "__main__":
    sys.exit(main())
