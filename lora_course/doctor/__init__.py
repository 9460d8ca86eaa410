"""`lora-course doctor`: what the course needs from this machine, and what to do where it lacks.

Every check can fail by itself, an import that crashes included: the others are still made. Nothing
is loaded here that may be what is broken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lora_course.doctor.finding import REPAIR, MachineFinding
from lora_course.doctor.installed import packages, python, torch
from lora_course.doctor.jupyter import kernel, notebooks, widgets
from lora_course.doctor.machine import folder, memory, network, port

CHECKS: tuple[Callable[[], MachineFinding], ...] = (
    python, packages, torch, memory, folder, kernel, widgets, notebooks, network, port,
)  # fmt: skip


def examine() -> Iterator[MachineFinding]:
    """Make all checks, one after the other."""
    for check in CHECKS:
        try:
            yield check()
        except Exception as error:  # a package that the check itself needs is broken
            yield MachineFinding(check.__name__, f"{type(error).__name__}: {error}"[:300], REPAIR)


def main() -> int:
    """Print a line for each check, and what to do; 1 when something is to be done."""
    wrong = 0
    for finding in examine():
        print(finding, flush=True)
        wrong += not finding.ok
    print("Everything is ready." if not wrong else f"{wrong} to fix, then run this again.")
    return int(wrong > 0)
