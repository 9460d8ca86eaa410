"""A new chapter's room, with a small question and experiment in it to be replaced: a draft."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from lora_course.chapters.rooms import FOLDER, Room, rooms
from lora_course.chapters.syllabus import PARTS
from lora_course.files import write_whole

SKELETON = files("lora_course.authoring").joinpath("skeleton")
TOPIC = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
MOST = 99


def new_room(number: int, topic: str, tests: Path) -> Iterator[Path]:
    """Write the room of a chapter and its tests; each file as it is written.

    ValueError where the number is taken or cannot be, or the topic is no name.
    """
    if not 1 <= number <= MOST:
        raise ValueError(f"chapter={number}: must be a number from 1 to {MOST}")
    if not TOPIC.fullmatch(topic):
        raise ValueError(f"topic={topic!r}: must be small letters and digits, such as some_topic")
    taken = {room.number: room for room in rooms(drafts=True)}
    if number in taken:
        raise ValueError(f"chapter={number}: has a room, {taken[number].name}; take another number")
    if not tests.is_dir():
        raise ValueError(f"{tests} is no folder; run this in the folder of the course's source")
    room = Room(FOLDER / f"ch{number:02d}_{topic}")
    if (tests / room.name).exists():
        raise ValueError(f"{tests / room.name} is there already; remove it, or take another topic")
    planned = dict(pair for part in PARTS for pair in zip(part.numbers, part.chapters, strict=True))
    words = {
        "@room@": room.name,
        "@key@": f"ch{number:02d}",
        "@number@": str(number),
        "@last@": str(max(number, PARTS[-1].numbers[-1])),
        "@title@": planned.get(number, topic.replace("_", " ").capitalize()),
    }
    for part, folder in (("room", room.folder), ("tests", tests / room.name)):
        folder.mkdir(parents=True)
        for file in sorted(SKELETON.joinpath(part).iterdir(), key=lambda file: file.name):
            text = file.read_text(encoding="utf-8")
            for word, meant in words.items():
                text = text.replace(word, meant)
            yield write_whole(folder / file.name.removesuffix(".txt"), text.encode())
