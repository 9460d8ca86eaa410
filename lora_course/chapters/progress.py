"""What a learner has reached so far: the best points of each question, in one file of theirs."""

from __future__ import annotations

import html
from dataclasses import dataclass

from lora_course import learner
from lora_course.chapters.rooms import FOLDER, Room, rooms
from lora_course.checks.question import Question
from lora_course.checks.result import Result


@dataclass(frozen=True)
class ChapterProgress:
    """One chapter: questions answered in full of all, points earned of all."""

    chapter: int
    answered: int
    questions: int
    points: int
    max_points: int

    def __str__(self) -> str:
        return (
            f"Chapter {self.chapter}: {self.answered} of {self.questions} questions,"
            f" {self.points} of {self.max_points} points"
        )


@dataclass(frozen=True)
class Progress:
    """All chapters, a line each."""

    chapters: tuple[ChapterProgress, ...]

    def __str__(self) -> str:
        return "\n".join(map(str, self.chapters))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        lines = "".join(f"<li>{html.escape(str(chapter))}</li>" for chapter in self.chapters)
        return f"<ul>{lines}</ul>"


def remember(key: str, points: int) -> None:
    """Keep a question's points, if they are its most so far; nothing where that cannot be."""
    if points > _read().get(key, 0):
        learner.keep(learner.POINTS, key, points)


def record(question: Question, result: Result) -> str:
    """Remember what a check gave; what it makes of its chapter so far, in a sentence."""
    if not learner.is_kept():
        return ""
    remember(question.key, result.points)
    room = Room(FOLDER / question.room.rpartition(".")[2])
    return str(of_room(room))


def of_room(room: Room) -> ChapterProgress:
    """What has been reached in one chapter."""
    kept, questions = _read(), room.questions()
    earned = [min(kept.get(q.key, 0), q.max_points) for q in questions]
    most = [question.max_points for question in questions]
    full = sum(points == all_points for points, all_points in zip(earned, most, strict=True))
    return ChapterProgress(room.number, full, len(questions), sum(earned), sum(most))


def progress() -> Progress:
    """What you have reached in every chapter: the best of each question, on this machine."""
    return Progress(tuple(map(of_room, rooms())))


def _read() -> dict[str, int]:
    """The points that are kept; what is none is passed over."""
    kept = learner.read().items()
    return {name: points for name, points in kept if type(points) is int and points > 0}
