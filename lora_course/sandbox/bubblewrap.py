"""The bubblewrap command line: what a sandboxed process sees, and as whom it runs."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from lora_course.files import PACKAGE
from lora_course.sandbox import seccomp, shown
from lora_course.sandbox.limits import MB, Limits, SandboxError

HOME = "/home/learner"
# All that can be written to, and how the room on disk is shared out.
WRITABLE = {"/tmp": 2, HOME: 1, "/dev/shm": 1}
# Any user that the machine does not have will do, and one for each kernel: NPROC counts by user.
FIRST_USER, USERS = 0x70000000, 1 << 20

MISSING = (
    "bubblewrap is not installed, and without it a submission could do to this machine whatever you"
    " can. On Debian and Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap. macOS"
    " has none: grade in a Linux virtual machine or container. --unsafe runs submissions without a"
    " sandbox: only for work that you have read yourself."
)


FORBIDDEN = (
    "bubblewrap is installed but may not make a sandbox here: {words}. In a container, allow it"
    " user namespaces, or run this in a virtual machine; on Ubuntu 23.10 and newer it needs an"
    " AppArmor profile (apparmor-profiles has one: bwrap-userns-restrict). --unsafe runs"
    " submissions without a sandbox: only for work that you have read yourself."
)


def program() -> str:
    """Where bwrap is; SandboxError when this machine has none."""
    found = shutil.which("bwrap")
    if sys.platform != "linux" or not found:
        raise SandboxError(MISSING)
    return found


def _folders(paths: list[str]) -> list[str]:
    """Make the folders above `paths`, from the outermost on; else they are closed to others."""
    above = {str(folder) for path in paths for folder in Path(path).parents} - {"/"}
    return [word for folder in sorted(above) for word in ("--perms", "0755", "--dir", folder)]


def _tmpfs(folder: str, size: int) -> list[str]:
    """Memory in place of a folder, for anyone to write to, up to a size."""
    return ["--perms", "1777", "--size", str(size), "--tmpfs", folder]


def readable(content: bytes) -> int:
    """A descriptor from which `content` can be read."""
    descriptor = os.memfd_create("sandbox")
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def filter_of_calls() -> int | None:
    """A descriptor of the filter of system calls; None where there is none for this machine."""
    content = seccomp.program()
    return None if content is None else readable(content)


def command(
    limits: Limits,
    own: str,
    info_fd: int,
    filter_fd: int | None,
    files_from: Mapping[str, int],
    variables: Mapping[str, str],
    *,
    checks: bool,
) -> list[str]:
    """`bwrap …`, to be followed by what runs inside.

    `own`: a folder for the kernel's sockets; `info_fd`: where bubblewrap writes about itself;
    `filter_fd`: of `filter_of_calls`; `files_from`: paths and the open files shown there;
    `variables`: of the environment, beside those that every kernel has; `checks`: whether those of
    the chapters' questions are there.
    """
    arguments = [program(), *(f"--unshare-{kind}" for kind in ("ipc", "pid", "net", "uts"))]
    arguments += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv"]
    arguments += ["--cap-drop", "ALL", "--hostname", "sandbox", "--info-fd", str(info_fd)]
    arguments += [] if filter_fd is None else ["--seccomp", str(filter_fd)]
    arguments += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    for folder, share in WRITABLE.items():
        size = limits.disk_mb * MB * share // sum(WRITABLE.values())
        arguments += [*_folders([folder]), *_tmpfs(folder, size)]
    folders = shown.folders()
    arguments += [*_folders([*folders, own]), *_tmpfs(own, MB)]
    for path in folders:
        link = Path(path).is_symlink()
        arguments += ["--symlink", str(Path(path).readlink()), path] if link else []
        arguments += [] if link else ["--ro-bind", path, path]
    for folder, content in shown.in_place_of(checks=checks).items():
        arguments += ["--size", str(MB), "--tmpfs", folder]
        for name, source in content.items():
            arguments += ["--ro-bind", source, f"{folder}/{name}"]
        arguments += ["--remount-ro", folder]
    for path, descriptor in files_from.items():
        arguments += ["--perms", "0444", "--ro-bind-data", str(descriptor), path]
    # Else the folders made above are memory that anyone may write to, without a limit.
    arguments += ["--remount-ro", "/"]
    for name, value in {**environment(), **variables}.items():
        arguments += ["--setenv", name, value]
    arguments += ["--chdir", HOME]
    if os.geteuid() == 0:
        return [*arguments, *_as_nobody(limits)]
    return [*arguments, "--unshare-user", "--disable-userns", "--", *limits.prlimit_inside()]


def _as_nobody(limits: Limits) -> list[str]:
    """Root sets the sandbox up, for it alone may read root's files, and then stops being root."""
    user = str(FIRST_USER + secrets.randbelow(USERS))
    keep = ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP"]
    drop = ["--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs"]
    return [
        *keep,
        "--",
        *limits.prlimit_inside(),
        "setpriv",
        *drop,
        "--bounding-set=-all",
        "--inh-caps=-all",
        "--",
    ]


def check(limits: Limits) -> None:
    """Import the course in a sandbox; SandboxError with its words where that fails."""
    info, calls = os.open(os.devnull, os.O_WRONLY), filter_of_calls()
    passed = [info] if calls is None else [info, calls]
    what = (sys.executable, "-c", "import ipykernel, lora_course")
    try:
        sandbox = command(limits, "/tmp/sandbox-check", info, calls, {}, {}, checks=False)
        call = [*limits.prlimit(), *sandbox, *what]
        done = subprocess.run(
            call,
            env=outside(),
            pass_fds=passed,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        for descriptor in passed:
            os.close(descriptor)
    if done.returncode != 0:
        raise SandboxError(FORBIDDEN.format(words=done.stderr.strip()[-300:] or "no reason given"))


def outside() -> dict[str, str]:
    """The environment that bubblewrap itself has.

    A kernel can read it in /proc/1/environ, `--clearenv` or not, where it runs as the same user.
    """
    return {"PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"}


def environment() -> dict[str, str]:
    """All that a kernel's environment holds: nothing of the grader's own."""
    return {
        **outside(),
        "HOME": HOME,
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "JUPYTER_PLATFORM_DIRS": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        # The same course and packages as outside.
        "PYTHONPATH": ":".join([str(PACKAGE.parent), *shown.packages()]),
        "USER": "learner",  # who has no entry in any list of users
    }
