"""The process that grades one file: a job as a line of JSON on stdin, grades as lines on stdout.

Each line is the whole grade so far; the last one counts. A process of its own can be ended from
outside, and what a submission makes it hold goes away with it. It ends itself when stdin closes:
then whoever asked for the grade is gone.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
from dataclasses import replace

from lora_course.grading.grade import Job, blank, grade
from lora_course.grading.records import Graded, Status

# For this process, against replies made to exhaust it; its kernel has limits of its own.
DATA_BYTES = 4 << 30


def main() -> None:
    """Grade the job on stdin."""
    job = Job(**json.loads(sys.stdin.readline()))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (DATA_BYTES, hard))
    last = blank(job)
    try:
        for last in grade(job):
            _write(last)
    except Exception as error:  # contained: one file's trouble must not stop the batch
        reason = f"{type(error).__name__}: {error}"[:300]
        _write(replace(last, status=Status.GRADER, reason=reason))


def _end_with_parent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGKILL)  # the sandbox dies with this process


def _write(graded: Graded) -> None:
    print(json.dumps(graded.as_json()), flush=True)


if __name__ == "__main__":
    main()
