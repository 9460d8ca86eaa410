"""When to ask again what was learnt: soon at first, then ever later, at once after a wrong answer.

Each right answer moves a recall question one box further, each wrong one back to the first; the
longer one has known something, the longer it can wait (Leitner's boxes).
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Sequence
from dataclasses import dataclass

from lora_course import learner
from lora_course.chapters.progress import of_room
from lora_course.chapters.rooms import Room, rooms
from lora_course.checks.recall import Recall

KEPT = "recall"
DAYS = (1, 3, 7, 16, 35)  # from an answer to the next time, by box
NEVER = datetime.date.min


@dataclass(frozen=True)
class Item:
    """A recall question of a chapter."""

    room: Room
    question: Recall

    @property
    def key(self) -> str:
        """Its name among all chapters', such as "ch09.name"."""
        return f"{self.room.name.partition('_')[0]}.{self.question.name}"

    def box_and_day(self) -> tuple[int, datetime.date]:
        """How well it is known, from 0 on, and the day it was last asked on; NEVER if not yet."""
        kept = learner.read(KEPT).get(self.key)
        try:
            box, day = int(kept["box"]), datetime.date.fromisoformat(kept["day"])  # type: ignore[index]
        except (TypeError, KeyError, ValueError, OverflowError):  # nothing, or not ours
            return 0, NEVER
        return min(len(DAYS) - 1, max(0, box)), day

    def due(self) -> datetime.date:
        """From which day on it is to be asked."""
        box, day = self.box_and_day()
        return day if day == NEVER else day + datetime.timedelta(days=DAYS[box])

    def note(self, right: bool, today: datetime.date) -> None:
        """Keep how it was answered."""
        box, day = self.box_and_day()
        further = min(len(DAYS) - 1, box + (day != NEVER))
        learner.keep(KEPT, self.key, {"box": further if right else 0, "day": today.isoformat()})


def items(chapters: Sequence[Room]) -> list[Item]:
    """The recall questions of chapters, in their order."""
    return [Item(room, question) for room in chapters for question in room.recall()]


def opening(chapter: int, today: datetime.date) -> list[Item]:
    """Three for the start of a chapter: one on the chapter before, two on earlier ones.

    Those first that are due longest; of equals, others on another day.
    """
    before = [room for room in rooms(drafts=True) if room.number < chapter]
    last, earlier = items(before[-1:]), items(before[:-1])
    order = random.Random(f"{chapter}/{today}")
    for pool in (last, earlier):
        order.shuffle(pool)
        pool.sort(key=Item.due)
    return [*earlier[:2], *last][:3]


def to_ask(today: datetime.date) -> list[Item]:
    """All that are due of the chapters that the learner has begun, those due longest first."""
    begun = [item for item in items(rooms()) if item.due() != NEVER or of_room(item.room).points]
    return sorted((item for item in begun if item.due() <= today), key=Item.due)


def next_day() -> datetime.date | None:
    """The first day on which one that has been asked is due; None where none has been."""
    return min((item.due() for item in items(rooms()) if item.due() != NEVER), default=None)
