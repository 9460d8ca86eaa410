"""What a submission must not touch: a folder, a port, the processes, the package."""

import contextlib
import hashlib
import socket
import threading
import time
from pathlib import Path

from lora_course.files import PACKAGE
from lora_course.sandbox.bubblewrap import FIRST_USER
from lora_course.sandbox.cgroups import found
from tests import WATCHDOG
from tests.example import A


def fingerprint(folder):
    """Changes with any name, size, time or content below the folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if "__pycache__" not in path.parts:
            facts = path.lstat()
            digest.update(f"{path}{facts.st_size}{facts.st_mtime_ns}{facts.st_mode}".encode())
    return digest.hexdigest()


def sandboxed_processes():
    """Processes of any user that only sandboxes have."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            user = next(x for x in status.read_text().splitlines() if x.startswith("Uid:"))
            if int(user.split()[1]) >= FIRST_USER:
                found.append(status.parent.name)
    return found


def groups():
    return [str(path) for path in found()]


def left_behind():
    """Processes and groups of sandboxes that do not go: one that was just ended takes a moment."""
    end = time.monotonic() + WATCHDOG
    while (left := [*sandboxed_processes(), *groups()]) and time.monotonic() < end:
        time.sleep(0.1)
    return left


class Watched:
    """A folder with a secret, a server that hands out the solution, and their state before."""

    def __init__(self, folder):
        self.folder = folder
        self.connections = 0
        (folder / "secret.py").write_text(A)
        self.before = self.state()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def state(self):
        return (
            fingerprint(self.folder),
            fingerprint(PACKAGE),
            Path("/lora-course-was-here").exists(),
        )

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                self.connections += 1
                connection.sendall(A.encode())
                connection.close()

    def into(self, content):
        """The submission with the places it tries to reach."""
        return content.replace(b"WATCHED", str(self.folder).encode()).replace(
            b"PORT", str(self.port).encode()
        )

    def close(self):
        self._server.close()
