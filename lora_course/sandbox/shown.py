"""What of this machine a sandboxed kernel sees: programs and packages, but no answers."""

from __future__ import annotations

import sys
from pathlib import Path

from lora_course.chapters.rooms import rooms
from lora_course.checks import elsewhere
from lora_course.files import PACKAGE
from lora_course.sandbox.limits import SandboxError

SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin")
# What programs look up to run at all; /etc itself holds the host's secrets.
SETTINGS = ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "fonts", "localtime")
# Of the folder that a Python is installed in. The folder may hold more: a virtual environment can
# be made in the one that the submissions are in.
PREFIX = ("bin", "lib", "lib64", "include", "share", "etc", "ssl", "pyvenv.cfg")
# Of a chapter's room: what holds solutions, and what knows without them which answers are right.
SOLUTIONS = ("chapter.py", "built.json")
CHECKS = ("questions.py", "check_*.py", "recall.py")


def folders() -> list[str]:
    """Files and folders of the host that are shown, read-only."""
    wanted = [*SYSTEM, *(f"/etc/{name}" for name in SETTINGS)]
    for prefix in (Path(sys.prefix), Path(sys.base_prefix)):
        # A link may lead to a program by the folder's other name.
        wanted += [str(one / name) for one in (prefix, prefix.resolve()) for name in PREFIX]
    wanted += [*packages(), str(PACKAGE)]
    return [path for path in dict.fromkeys(wanted) if Path(path).exists()]


def packages() -> list[str]:
    """Where this Python finds installed packages; other folders of its path may hold anything."""
    return [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]


def in_place_of(*, checks: bool) -> dict[str, dict[str, str]]:
    """Folders that are shown with other content: {folder: {name in it: file that is shown there}}.

    Of a chapter's room that is what its notebook needs to run, and its questions' `checks` where
    these are made inside.
    """
    hidden = SOLUTIONS if checks else (*SOLUTIONS, *CHECKS)
    found = {}
    for room in rooms(drafts=True):
        # No folders: these hold compiled files.
        files = [path for path in room.folder.iterdir() if path.is_file()]
        left = [path for path in files if not any(map(path.match, hidden))]
        names = {path.name: str(path) for path in left}
        found[str(room.folder)] = {"questions.py": str(elsewhere.__file__), **names}
    return found


def require_hidden(name: str, path: Path) -> None:
    """SandboxError when `path` lies where submissions could read it."""
    for folder in folders():
        if path.resolve().is_relative_to(Path(folder).resolve()):
            raise SandboxError(
                f"{name}={str(path)!r}: lies in {folder}, which every submission can read while it"
                " is run; move it to a folder that holds no programs or packages"
            )
