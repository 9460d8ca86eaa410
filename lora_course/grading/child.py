"""The process that grades one file, and hands over the whole grade so far after every question.

A process of its own can be ended from outside, and what a submission makes it hold goes away with
it. It ends itself when the other end of its pipe is closed: whoever asked for the grade is gone.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import tempfile
import threading
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

# The checks of training import torch, and dynamo with their first optimizer, in seconds. Imported
# once, in the process that this one is a copy of, they cost a file nothing.
import torch
import torch._dynamo  # noqa: F401

from lora_course.grading.grade import Job, blank, grade
from lora_course.grading.records import Graded, Status

# For this process, against replies made to exhaust it; its kernel has limits of its own.
DATA_BYTES = 2 << 30


def run(settings: dict[str, Any], scratch: str, pipe: Connection) -> None:
    """Grade `Job(**settings)`; each grade goes through `pipe`, as JSON: the last one counts."""
    os.setsid()  # a signal to the batch is for the batch to pass on
    threading.Thread(target=_end_with_other_end, args=(pipe,), daemon=True).start()
    tempfile.tempdir = scratch
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (DATA_BYTES, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    job = Job(**settings)
    last = blank(job)
    try:
        for last in grade(job):
            _send(pipe, last)
    except Exception as error:  # contained: one file's trouble must not stop the batch
        reason = f"{type(error).__name__}: {error}"[:300]
        _send(pipe, replace(last, status=Status.GRADER, reason=reason))


def _end_with_other_end(pipe: Connection) -> None:
    try:
        pipe.recv_bytes()  # nothing is ever sent this way
    finally:
        os.kill(os.getpid(), signal.SIGKILL)  # the sandbox dies with this process


def _send(pipe: Connection, graded: Graded) -> None:
    pipe.send_bytes(json.dumps(graded.as_json()).encode())
