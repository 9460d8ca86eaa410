"""Grade one file in a process of its own, which has to end in time."""

from __future__ import annotations

import json
import multiprocessing
import tempfile
import threading
import time
from dataclasses import asdict, replace
from multiprocessing import util
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from lora_course.files import folder_for_sockets
from lora_course.grading.grade import Job, blank
from lora_course.grading.records import Graded, Status
from lora_course.sandbox import cgroups

GRACE_SECONDS = 60.0  # over the job's own limit: the official checks of training take some, too
MOST_BYTES = 4 << 20  # of one grade
running: set[BaseProcess] = set()
stopped = threading.Event()
# multiprocessing reads an exit status once. To start a process asks all others for theirs, too: two
# threads that do so at a time lose one.
one_at_a_time = threading.Lock()
LISTENER = len("/pymp-12345678/listener-12345678")
SCRATCH = 50  # characters: /grade-12345678 and the path of a kernel's socket in it
CHILD = "lora_course.grading.child"


def supervise(job: Job, grace: float = GRACE_SECONDS) -> Graded:
    """The last grade that the process wrote; a status of its own where it did not finish."""
    if stopped.is_set():
        raise RuntimeError("grading was stopped")
    # In it the process makes all its files, sockets too: so all goes, however the process ends.
    with tempfile.TemporaryDirectory(
        prefix="grade-", dir=folder_for_sockets(SCRATCH), ignore_cleanup_errors=True
    ) as scratch:
        return _supervise(job, job.seconds + grace, scratch)


def _supervise(job: Job, seconds: float, scratch: str) -> Graded:
    process, pipe = _start(job, scratch)
    running.add(process)
    graded, in_time, ended = blank(job), True, False
    try:
        end = time.monotonic() + seconds
        while in_time := pipe.poll(max(0.0, end - time.monotonic())):
            graded = Graded.from_json(json.loads(pipe.recv_bytes(MOST_BYTES)))
    except EOFError:
        ended = True
    except (OSError, ValueError):  # or sends what is no grade: the last one stands
        pass
    finally:
        running.discard(process)
        code = _end(process, at_once=not ended)
        if code != 0:
            cgroups.sweep(process.pid or 0)
        pipe.close()
    if not in_time:
        reason = f"grading did not end within {seconds:.0f} s and was stopped"
        return replace(graded, status=Status.TIME, reason=reason)
    if code != 0:
        how = f"signal {-code}" if code and code < 0 else f"exit status {code}"
        return replace(
            graded, status=Status.GRADER, reason=f"the grading process was ended ({how})"
        )
    return graded


def stop() -> None:
    """End all grading that goes on in other threads of this process; no more is begun."""
    stopped.set()
    for process in list(running):
        _end(process, at_once=True)
        cgroups.sweep(process.pid or 0)


def _end(process: BaseProcess, *, at_once: bool) -> int | None:
    """The exit status of a process that has ended, or is ended now; its sandbox dies with it."""
    if at_once and not wait([process.sentinel], 0):  # its number may be another's by now
        process.kill()
    wait([process.sentinel])
    with one_at_a_time:
        process.join()
        return process.exitcode


def _start(job: Job, scratch: str) -> tuple[BaseProcess, Connection]:
    """A process that is a copy of one which has imported what grading needs, and our end."""
    # A worker of Dask's is a daemon and may have no children, lest they outlive it. Ours do not.
    multiprocessing.current_process().daemon = False
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([CHILD])
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(asdict(job), scratch, theirs))
    with one_at_a_time:
        _make_folder_for_sockets()
        process.start()
    theirs.close()
    return process, ours


def _make_folder_for_sockets() -> None:
    """The folder that multiprocessing makes once for its sockets: here, where their paths fit."""
    before, tempfile.tempdir = tempfile.tempdir, folder_for_sockets(LISTENER)
    try:
        util.get_temp_dir()
    finally:
        tempfile.tempdir = before


def _run(settings: dict[str, object], scratch: str, pipe: Connection) -> None:
    """What the new process does. The import is at hand there, and too heavy for this side."""
    from lora_course.grading.child import run

    run(settings, scratch, pipe)
