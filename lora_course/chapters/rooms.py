"""The rooms of the chapters: which there are, and where each keeps what."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from lora_course.checks.question import BUILT, Question
from lora_course.checks.recall import Recall

FOLDER = Path(__file__).parent
NAME = re.compile(r"ch(\d\d)_([a-z]\w*)")


@dataclass(frozen=True)
class Room:
    """A chapter's own folder, "ch09_some_topic"; its notebooks have the same name."""

    folder: Path

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"{self.folder}: name a chapter's room like ch09_some_topic")

    @property
    def name(self) -> str:
        """The folder's name, "ch09_some_topic"."""
        return self.folder.name

    @property
    def number(self) -> int:
        """The chapter's number."""
        return int(self.name[2:4])

    @property
    def notebook(self) -> str:
        """What both of its notebooks are called, "09_some_topic.ipynb"."""
        return f"{self.name.removeprefix('ch')}.ipynb"

    @property
    def source(self) -> Path:
        """Its text, code and solutions: the one file that both notebooks are made from."""
        return self.folder / "chapter.py"

    @property
    def built(self) -> Path:
        """What is written when the notebooks are built: solutions, and digests of cells."""
        return self.folder / BUILT

    @property
    def draft(self) -> bool:
        """Whether it is being written, and no learner meets it yet."""
        return not self.built.exists() or bool(self.read_built().get("draft"))

    @property
    def package(self) -> str:
        """What its modules are imported from."""
        return f"{__package__}.{self.name}"

    def questions(self) -> tuple[Question, ...]:
        """Its questions, in the order of the text."""
        module = import_module(f"{self.package}.questions")
        found: tuple[Question, ...] = module.QUESTIONS
        return found

    def recall(self) -> tuple[Recall, ...]:
        """Its questions of a minute for later chapters."""
        module = import_module(f"{self.package}.recall")
        found: tuple[Recall, ...] = module.RECALL
        return found

    def read_built(self) -> dict[str, Any]:
        """What `built` holds."""
        content: dict[str, Any] = json.loads(self.built.read_text(encoding="utf-8"))
        return content


def rooms(*, drafts: bool = False) -> list[Room]:
    """All rooms, in the order of their chapters; without those that are drafts, unless asked."""
    found = [Room(path) for path in sorted(FOLDER.iterdir()) if NAME.fullmatch(path.name)]
    return [room for room in found if drafts or not room.draft]


def room_of(chapter: int) -> Room:
    """The room of one chapter; ValueError, with the chapters that there are, when there is none."""
    found = {room.number: room for room in rooms(drafts=True)}
    if chapter not in found:
        known = ", ".join(str(room.number) for room in rooms())
        raise ValueError(f"there is no chapter {chapter}; there are {known}")
    return found[chapter]


def questions_of(chapter: int) -> tuple[Question, ...]:
    """The questions of one chapter; ValueError when there is none of that number."""
    return room_of(chapter).questions()


def question_of(key: str) -> Question:
    """The question of a key, such as "ch09.name"; ValueError when it is none."""
    chapter, _, name = key.partition(".")
    for room in rooms(drafts=True):
        if room.name.partition("_")[0] == chapter:
            for question in room.questions():
                if question.name == name:
                    return question
    known = rooms(drafts=True)[0].questions()[0].key
    raise ValueError(f"{key!r} is no question; give one like {known!r}")
