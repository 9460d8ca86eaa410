"""Where there is no sandbox: a kernel that becomes a user without rights before its first cell.

IPython runs the files of a startup folder when a kernel has started and before any cell; the one
here gives up root for good. That user can write to none of root's files. It still sees what every
user can read, reaches the network, and is held to no limits but the container's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
    lora_course.interop.other_user.become({home!r})
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
def other_user() -> Iterator[None]:
    """Kernels started by this process or its children become `USER`."""
    before = os.environ.get("IPYTHONDIR")
    with tempfile.TemporaryDirectory() as folder:
        profile, home = Path(folder, "profile_default"), Path(folder, "home")
        Path(folder).chmod(0o755)
        home.mkdir(mode=0o700)
        os.chown(home, USER, USER)
        (profile / "startup").mkdir(parents=True)
        (profile / "startup" / "00-become.py").write_text(STARTUP.format(home=str(home)))
        (profile / "ipython_kernel_config.py").write_text(CONFIG)
        os.environ["IPYTHONDIR"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["IPYTHONDIR"]
            else:
                os.environ["IPYTHONDIR"] = before


def become(home: str) -> None:
    """Give up root in this process and go to `home`; OSError where that is not permitted."""
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    os.environ["HOME"] = home
    os.chdir(home)
