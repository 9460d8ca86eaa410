"""Grade one file in a process of its own, which has to end in time."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, replace

from lora_course.grading.grade import Job, blank
from lora_course.grading.records import Graded, Status
from lora_course.sandbox import cgroups

GRACE_SECONDS = 60.0  # over the job's own limit: the official checks of training take some, too
MOST_OUTPUT = 64 << 20
COMMAND = (sys.executable, "-m", "lora_course.grading.child")


def supervise(job: Job, grace: float = GRACE_SECONDS) -> Graded:
    """The last grade that the process wrote; a status of its own where it did not finish."""
    with tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True) as scratch:
        return _supervise(job, job.seconds + grace, scratch)


def _supervise(job: Job, seconds: float, scratch: str) -> Graded:
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "TMPDIR": scratch,  # what a process leaves behind that had to be ended goes with it
    }
    process = subprocess.Popen(
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,  # a signal to the batch is for the batch to pass on
    )
    try:
        output, trouble, in_time = _communicate(process, job, seconds)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)  # its sandbox dies with it
            process.wait()
            cgroups.sweep(process.pid)
        _close(process)
    graded = _last(output, job)
    if not in_time:
        reason = f"grading did not end within {seconds:.0f} s and was stopped"
        return replace(graded, status=Status.TIME, reason=reason)
    if process.returncode != 0:
        how = f"signal {-process.returncode}" if process.returncode < 0 else trouble
        return replace(graded, status=Status.GRADER, reason=f"the grading process ended: {how}")
    return graded


def _communicate(
    process: subprocess.Popen[bytes], job: Job, seconds: float
) -> tuple[bytes, str, bool]:
    """Hand over the job, read until the pipes close: output, last words, whether in time."""
    assert process.stdin and process.stdout and process.stderr
    try:
        process.stdin.write(json.dumps(asdict(job)).encode() + b"\n")
        process.stdin.flush()  # and stays open: the child lives as long as this process
    except BrokenPipeError:
        pass
    heard = {process.stdout: bytearray(), process.stderr: bytearray()}
    end = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        for pipe in heard:
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(max(0.0, end - time.monotonic()))
            if not ready or len(heard[process.stdout]) > MOST_OUTPUT:
                return bytes(heard[process.stdout]), "", False
            for key, _ in ready:
                part = os.read(key.fd, 1 << 16)
                heard[key.fileobj] += part  # type: ignore[index]
                if not part:
                    selector.unregister(key.fileobj)
    process.wait()
    words = bytes(heard[process.stderr]).decode("utf-8", "replace").strip().splitlines()
    return bytes(heard[process.stdout]), (words or ["no message"])[-1][:300], True


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe:
            with suppress(BrokenPipeError):
                pipe.close()


def _last(output: bytes, job: Job) -> Graded:
    """The grade of the last line that is whole; nothing attempted where there is none."""
    for line in reversed(output.split(b"\n")[:-1]):
        try:
            return Graded.from_json(json.loads(line))
        except (ValueError, KeyError, TypeError):
            continue
    return blank(job)
