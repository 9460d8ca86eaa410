"""Where there is no sandbox: a kernel that becomes a user without rights before its first cell.

IPython runs the files of a startup folder when a kernel has started and before any cell; the one
here gives up root for good, takes limits, and closes the network where system calls can be
filtered. That user can write to none of root's files, and read none of the course's answers where
these were closed (`python -m lora_course.interop.other_user`). It sees what else all can read.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from lora_course.chapters.rooms import rooms
from lora_course.checks import elsewhere
from lora_course.sandbox import seccomp, shown
from lora_course.sandbox.limits import Limits

USER = 0x6FFF_FFFE  # in no list of users, so no file belongs to it
# Fails for a user who cannot read this Python, its packages, or what a kernel imports first.
NEEDED = """\
import os, sys
assert all(os.access(path, os.R_OK) for path in sys.argv[1:])
import importlib.util, ipykernel, lora_course.grading.wire
open(importlib.util.find_spec("torch").origin).close()
"""
STARTUP = """\
try:
    import lora_course.interop.other_user
    lora_course.interop.other_user.become({home!r}, {limits!r})
    del lora_course
except BaseException:
    import os
    os._exit(1)  # rather no kernel than one that is root
"""
# In memory: the user could not write to a file that root opened.
CONFIG = "c.HistoryManager.hist_file = ':memory:'\n"


def possible() -> bool:
    """Whether this is root, and the other user can read Python and the packages."""
    if os.geteuid() != 0:
        return False
    folders = [path for path in (sys.base_prefix, *sys.path) if Path(path).exists()]
    done = subprocess.run(
        [sys.executable, "-c", NEEDED, *folders],
        user=USER,
        group=USER,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


@contextmanager
def other_user(limits: Limits) -> Iterator[None]:
    """Kernels started by this process or its children become `USER`, held to `limits`."""
    before = os.environ.get("IPYTHONDIR")
    with tempfile.TemporaryDirectory() as folder:
        profile, home = Path(folder, "profile_default"), Path(folder, "home")
        Path(folder).chmod(0o755)
        home.mkdir(mode=0o700)
        os.chown(home, USER, USER)
        (profile / "startup").mkdir(parents=True)
        (profile / "startup" / "00-become.py").write_text(
            STARTUP.format(home=str(home), limits=asdict(limits))
        )
        (profile / "ipython_kernel_config.py").write_text(CONFIG)
        os.environ["IPYTHONDIR"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["IPYTHONDIR"]
            else:
                os.environ["IPYTHONDIR"] = before


def close_answers() -> None:
    """Keep to this user what no notebook needs to run: solutions and checks, compiled or not.

    For an installed course in a container of its own: the zip's set-up calls it, once.
    """
    for folder, names in shown.in_place_of(checks=False).items():
        Path(folder, "__pycache__").mkdir(exist_ok=True)  # what is compiled later lies in it, too
        for path in Path(folder).iterdir():
            if names.get(path.name) != str(path):
                path.chmod(0o700 if path.is_dir() else 0o600)


def become(home: str, limits: dict[str, int]) -> None:
    """Give up root in this process and go to `home`; OSError where that is not permitted."""
    for room in rooms(drafts=True):
        sys.modules[room.package + ".questions"] = elsewhere
    most = Limits(**limits)
    for name, value in {**most.inherited(), "nproc": most.processes}.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name.upper()}"), (value, value))
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    os.environ["HOME"] = home
    os.chdir(home)
    calls = seccomp.program(network=False)
    if calls is not None:
        with suppress(OSError):  # some containers permit none
            seccomp.apply(calls)


if __name__ == "__main__":
    close_answers()
