"""Memory without control groups: look at what a sandbox holds, and end it when that is too much.

It holds what is resident of its processes, and what they have written: its folders are memory. A
file that is written *and* mapped counts twice.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from lora_course.sandbox.limits import MB

EVERY = 0.1  # seconds


class Watch:
    """Watches the processes below `first`, the sandbox's first process, which ends them all."""

    def __init__(self, first: int, memory_mb: int, folders: Sequence[str]) -> None:
        self._first, self._most, self._folders = first, memory_mb * MB, folders
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.too_large = False

    def start(self) -> None:
        """Begin to watch, in a thread of this process."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._stopped.set()

    def _run(self) -> None:
        try:
            handle = os.pidfd_open(self._first)  # a number could be given to another process
        except OSError:
            return
        try:
            while not self._stopped.wait(EVERY):
                if self._held() > self._most:
                    self.too_large = True
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
        except OSError:  # it has ended; and what cannot be looked at has to
            with suppress(OSError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        finally:
            os.close(handle)

    def _held(self) -> int:
        """Bytes that the sandbox holds."""
        written = (_written(f"/proc/{self._first}/root{folder}") for folder in self._folders)
        return sum(map(_resident, _family(self._first))) + sum(written)


def _written(folder: str) -> int:
    """Bytes in use of the file system that `folder` is, those of deleted open files included."""
    usage = os.statvfs(folder)
    return (usage.f_blocks - usage.f_bfree) * usage.f_frsize


def _family(first: int) -> list[int]:
    """The process and all that descend from it."""
    found, waiting = [], [first]
    while waiting:
        process = waiting.pop()
        found.append(process)
        for children in Path(f"/proc/{process}/task").glob("*/children"):
            try:
                waiting += map(int, children.read_text().split())
            except OSError:
                continue
    return found


def _resident(process: int) -> int:
    """Bytes that the process holds, its share of what it has in common with others (PSS)."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) << 10
