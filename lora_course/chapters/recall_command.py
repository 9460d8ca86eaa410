"""`lora-course recall`: in a terminal, what is due of the chapters that one has begun."""

from __future__ import annotations

import datetime
import random

from lora_course.chapters.spacing import next_day, to_ask
from lora_course.checks.recall import Asked

AT_ONCE = 10  # questions: some five minutes
NOTHING_YET = (
    "Nothing to recall yet: answer a question of a chapter first, then come back on another day."
)


def main() -> int:
    """Ask what is due, one question after the other; an empty line or Ctrl+C ends it."""
    today = datetime.date.today()
    due = to_ask(today)
    if not due:
        day = next_day()
        print(f"Nothing is due today; the next on {day:%A, %d %B}." if day else NOTHING_YET)
        return 0
    print(f"{len(due)} due, {min(len(due), AT_ONCE)} now. An empty line ends it; all is kept.")
    draws = random.Random()
    for place, item in enumerate(due[:AT_ONCE], start=1):
        asked = item.question.ask(draws)
        print(f"\n{place}. (chapter {item.room.number}) {asked}")
        answer = _typed(asked)
        if answer is None:
            return 0
        right, words = asked.check(answer)
        item.note(right, today)
        print(f"{'✓' if right else '✗'} {words}")
    return 0


def _typed(asked: Asked) -> object:
    """The answer that is typed, asked for until it can be one; None when there is none."""
    while True:
        try:
            line = input("> ")
        except (EOFError, KeyboardInterrupt):
            return None
        if not line.strip():
            return None
        try:
            return asked.read(line)
        except ValueError as error:
            print(error)
