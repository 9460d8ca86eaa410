"""What a sandboxed kernel may use, and the command that makes the operating system see to it."""

from __future__ import annotations

from dataclasses import dataclass, fields

MB = 1 << 20


class SandboxError(RuntimeError):
    """The sandbox cannot be had here; the message says why and what to do."""


@dataclass(frozen=True)
class Limits:
    """Upper limits of one kernel with all its child processes (CPU and open files: of each).

    `disk_mb`: all that may be written, a half of it to /tmp, a quarter to the home folder and to
    /dev/shm each.
    """

    memory_mb: int = 2048
    cpu_seconds: int = 600
    processes: int = 128
    file_mb: int = 64
    disk_mb: int = 512
    open_files: int = 512

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if type(value) is not int or value < 1:
                raise ValueError(f"{field.name}={value!r}: give a whole number of at least 1")
        if self.memory_mb < 256:
            raise ValueError(f"memory_mb={self.memory_mb}: a kernel needs at least 256 MB")

    def prlimit_inside(self) -> list[str]:
        """The limit that counts by user: to be set where the user is the sandbox's own."""
        return ["prlimit", f"--nproc={self.processes}:{self.processes}"]

    def inherited(self) -> dict[str, int]:
        """The limits that every process inherits, by the names that prlimit(1) has for them.

        RLIMIT_DATA counts what is written to, not what is merely mapped, so torch's reserved
        gigabytes do not count; it stops one process in one go, with a MemoryError it can report.
        """
        return {
            "cpu": self.cpu_seconds,
            "fsize": self.file_mb * MB,
            "nofile": self.open_files,
            "data": self.memory_mb * MB,
            "core": 0,
        }

    def prlimit(self) -> list[str]:
        """The same as a command to put before another."""
        return ["prlimit", *(f"--{name}={most}:{most}" for name, most in self.inherited().items())]
