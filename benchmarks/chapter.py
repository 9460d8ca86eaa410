"""Each chapter's solution, run from top to bottom in a fresh kernel."""

from __future__ import annotations

from benchmarks.clock import ROOT
from benchmarks.rows import Row, at_most
from lora_course.authoring.record import Solved, run_solved
from lora_course.chapters.rooms import Room, rooms


def rows(room: Room, used: Solved) -> list[Row]:
    """What one chapter took, beside its budget."""
    what = f"chapter {room.number}'s solution, start to end"
    cpu = f"{what}, at the pace of the core that the texts tell of"
    name = f"chapter.{room.number:02d}"
    return [
        Row(f"{name}.cpu", cpu, used.cpu, "s", at_most(60)),
        Row(f"{name}.memory", f"{what}: peak memory", used.peak / 1e6, "MB", at_most(700)),
    ]


def measure() -> list[Row]:
    """CPU time and memory of all chapters."""
    return [row for room in rooms() for row in rows(room, run_solved(room, ROOT / "notebooks"))]
