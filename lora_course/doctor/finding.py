"""What one check found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

REPAIR = "run `make setup` (without make: `python tools/setup_env.py`) in the course's folder"


@dataclass(frozen=True)
class MachineFinding:
    """What one check found. `todo` is empty unless something must be done."""

    name: str
    found: str
    todo: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing needs to be done."""
        return not self.todo

    def __str__(self) -> str:
        line = f"{'ok ' if self.ok else 'FIX'}  {self.name}: {self.found}"
        return line if self.ok else f"{line}\n     → {self.todo}"
