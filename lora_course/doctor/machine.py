"""Memory, the folder and its disk, the network and the port."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from lora_course.doctor.finding import MachineFinding

MB = 1_000_000
MEMORY_MB = 1000  # JupyterLab's server and the kernel of the largest chapter
DISK_MB = 200
PORT = 8888


def memory() -> MachineFinding:
    """There is memory for JupyterLab and one kernel."""
    import psutil

    free = min([psutil.virtual_memory().available, *_group_memory()]) // MB
    todo = "close other programs, or shut other notebooks' kernels down" if free < MEMORY_MB else ""
    return MachineFinding("memory", f"{free:,} MB free, {MEMORY_MB:,} MB needed", todo)


def _group_memory(root: Path = Path("/sys/fs/cgroup")) -> Iterator[int]:
    """Bytes left to this process's container, where it has a limit; pages of files can go."""
    for most, used, folder, pages in (
        ("memory.max", "memory.current", root, "inactive_file"),
        (
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
            root / "memory",
            "total_inactive_file",
        ),
    ):
        try:
            held = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
            taken = int((folder / used).read_text()) - int(held[pages])
            yield int((folder / most).read_text()) - taken
        except (OSError, ValueError, KeyError):  # no such group, or no limit
            continue


def folder() -> MachineFinding:
    """Notebooks can be saved here, and there is room."""
    here = Path.cwd()
    try:
        with tempfile.TemporaryFile(dir=here):
            pass
    except OSError as error:
        todo = "copy the course to a folder of yours, for example your home, and start there"
        return MachineFinding("folder", f"{here} cannot be written to: {error.strerror}", todo)
    free = shutil.disk_usage(here).free // MB
    todo = f"make room: {DISK_MB} MB are needed" if free < DISK_MB else ""
    return MachineFinding("folder", f"{here} can be written to, {free:,} MB free", todo)


def network() -> MachineFinding:
    """Nothing is downloaded; whether the Hub may be asked when a model of yours is named."""
    offline = os.environ.get("HF_HUB_OFFLINE", "") not in ("", "0")
    hub = "is not asked (HF_HUB_OFFLINE)" if offline else "is asked only for a model that you name"
    return MachineFinding("network", f"the chapters need none; the Hugging Face Hub {hub}")


def port() -> MachineFinding:
    """JupyterLab's usual port; it takes the next one where that is taken."""
    with socket.socket() as probe:
        free = probe.connect_ex(("127.0.0.1", PORT)) != 0
    taken = f"{PORT} is taken (perhaps by another JupyterLab): JupyterLab takes the next one"
    return MachineFinding("port", f"{PORT} is free" if free else taken)
