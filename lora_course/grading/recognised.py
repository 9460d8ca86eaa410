"""Which chapter a submitted notebook is of."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lora_course.chapters.rooms import questions_of, rooms
from lora_course.grading.cell_code import digest

FEWEST = 2  # cells of another chapter: one may have been copied


def other_chapter(cells: Sequence[str], chapter: int) -> int:
    """The chapter whose notebook this is, where it is not `chapter`'s; 0 where it may well be."""
    names = "|".join(re.escape(question.function) for question in questions_of(chapter))
    if re.search(
        rf"^(?:(?:def|class) (?:{names})\b|(?:{names}) *=)", "\n".join(cells), re.MULTILINE
    ):
        return 0
    found = set(map(digest, cells))
    known = {room.number: len(found.intersection(room.read_built()["cells"])) for room in rooms()}
    most = max(known, key=known.__getitem__)
    return most if known[most] >= FEWEST and known[most] > known.get(chapter, 0) else 0
