"""Control groups: memory and processes of a whole sandbox, limited by the kernel (v1 or v2)."""

from __future__ import annotations

import os
import secrets
import shlex
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lora_course.sandbox.limits import MB, Limits

ROOT = Path("/sys/fs/cgroup")
NAME = "lora-course-"
PERIOD = 100_000  # microseconds, of one processor: a submission takes no time from its neighbours
OPTIONAL = ("memory.swap.max", "cpu.max", "cpu.cfs_period_us", "cpu.cfs_quota_us")


@dataclass(frozen=True)
class Group:
    """A control group (v1: one folder a controller; v2: one folder) that limits a sandbox."""

    folders: tuple[Path, ...]

    def join(self) -> list[str]:
        """A command to put before another, which then runs inside the group."""
        enter = 'for group in %s; do echo $$ > "$group/cgroup.procs" || exit 97; done; exec "$@"'
        return ["/bin/sh", "-c", enter % shlex.join(map(str, self.folders)), "sh"]

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel has ended a process of the group for want of memory."""
        for folder in self.folders:
            for name in ("memory.events", "memory.oom_control"):
                if (folder / name).exists():
                    words = (folder / name).read_text().split()
                    return "oom_kill" in words and words[words.index("oom_kill") + 1] != "0"
        return False

    def remove(self) -> None:
        """End what is left in the group, and remove it, which may take a moment.

        bubblewrap's own first process waits for ever when the second is ended before they have
        spoken to each other; nothing of it has started then.
        """
        for folder in self.folders:
            for _ in range(100):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    break
                except OSError:
                    self._end_processes(folder)
                    time.sleep(0.02)
                else:
                    break

    @staticmethod
    def _end_processes(folder: Path) -> None:
        with suppress(OSError):
            for process in (folder / "cgroup.procs").read_text().split():
                os.kill(int(process), signal.SIGKILL)


def create(limits: Limits, root: Path = ROOT, own: str | None = None) -> Group | None:
    """A new group with these limits, below the group of this process; None where not permitted."""
    own = os.fsdecode(Path("/proc/self/cgroup").read_bytes()) if own is None else own
    # A line for each hierarchy: "4:cpu,cpuacct:/user.slice", and "0::/user.slice" for v2.
    paths = dict(line.split(":", 2)[1:] for line in own.split("\n") if line)
    name = f"{NAME}{os.getpid()}-{secrets.token_hex(4)}"
    memory, pids, cpu = (_v1_folder(root, kind, paths) for kind in ("memory", "pids", "cpu"))
    if memory and pids:
        settings: dict[Path, dict[str, int | str]] = {memory / name: {}, pids / name: {}}
        settings[memory / name]["memory.limit_in_bytes"] = limits.memory_mb * MB
        settings[pids / name]["pids.max"] = limits.processes
        if cpu:
            quota = {"cpu.cfs_period_us": PERIOD, "cpu.cfs_quota_us": PERIOD}
            settings.setdefault(cpu / name, {}).update(quota)
        return _made(settings)
    here = root / paths.get("", "/").lstrip("/")
    both: dict[str, int | str] = {
        "memory.max": limits.memory_mb * MB,
        "memory.swap.max": 0,
        "pids.max": limits.processes,
        "cpu.max": f"{PERIOD} {PERIOD}",
    }
    # A v2 group that holds processes passes no controller on: look upwards for one that does.
    for folder in (here, *here.parents):
        if not folder.is_relative_to(root):
            break
        passed_on = folder / "cgroup.subtree_control"
        if passed_on.exists() and {"memory", "pids"} <= set(passed_on.read_text().split()):
            made = _made({folder / name: both})
            if made:
                return made
    return None


def _v1_folder(root: Path, kind: str, paths: Mapping[str, str]) -> Path | None:
    """This process's folder in the hierarchy that has the controller `kind`, perhaps with others.

    Such a hierarchy may be found by one of its controllers' names, or only by all of them.
    """
    for kinds, path in paths.items():
        if kind in kinds.split(","):
            for mounted in (root / kind, root / kinds):
                if mounted.is_dir():
                    return mounted / path.lstrip("/")
    return None


def _made(settings: Mapping[Path, Mapping[str, int | str]]) -> Group | None:
    group = Group(tuple(settings))
    try:
        for folder, values in settings.items():
            folder.mkdir()
            for name, value in values.items():
                if name not in OPTIONAL or (folder / name).exists():
                    (folder / name).write_text(str(value))
    except OSError:
        group.remove()
        return None
    return group


def sweep(process: int, root: Path = ROOT) -> None:
    """Remove what a process left behind that was ended before it could remove its groups."""
    Group(tuple(found(f"{NAME}{process}-", root))).remove()


def found(start: str = NAME, root: Path = ROOT) -> list[Path]:
    """All groups whose name starts so; those of other processes may come and go meanwhile."""
    return [
        Path(folder, name)
        for folder, names, _ in os.walk(root)
        for name in names
        if name.startswith(start)
    ]
