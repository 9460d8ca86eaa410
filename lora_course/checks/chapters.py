"""Which chapters have questions, and which questions they are."""

from __future__ import annotations

import pkgutil
import re
from importlib import import_module
from importlib.util import find_spec

from lora_course import checks
from lora_course.checks.question import Question


def questions_of(chapter: int) -> tuple[Question, ...]:
    """The chapter's questions; ValueError when it has none yet."""
    name = f"lora_course.checks.ch{chapter:02d}"
    if not find_spec(name):
        raise ValueError(f"there is no chapter {chapter} with questions yet")
    questions: tuple[Question, ...] = import_module(name).QUESTIONS
    return questions


def chapters() -> list[int]:
    """The numbers of the chapters that have questions."""
    names = (module.name for module in pkgutil.iter_modules(checks.__path__))
    return sorted(int(name[2:]) for name in names if re.fullmatch(r"ch\d\d", name))
