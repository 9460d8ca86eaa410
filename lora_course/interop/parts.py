"""One part of a question as a test that passes or raises: for graders that count such tests."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, replace
from typing import Any

from lora_course.chapters.rooms import question_of
from lora_course.checks.answer import CachedAnswer, LocalAnswer
from lora_course.checks.question import NO_CHECKS, Question
from lora_course.checks.result import Finding, Outcome


@dataclass
class _Asked:
    """An answer that has been asked: with which inputs, what it returned, and in which cell."""

    question: str
    answer: Any
    cached: CachedAnswer
    seed: int
    cell: int

    def goes_on(self, question: str, answer: Any, cell: int) -> bool:
        """Whether `cell` asks the same answer, and comes just after the one that asked last."""
        return self.question == question and self.answer is answer and self.cell + 1 == cell


_last: _Asked | None = None


def check_part(name: str, number: int, answer: Any) -> None:
    """Check part `number`, from 1, of the question "ch09.name"; AssertionError says what to mend.

    It takes a name, not the question, so that a test needs no import but this function's. It leaves
    no progress: whoever grades has not answered the question. In a notebook the parts of a question
    share their calls of the answer, so that one that trains does so once, not once a part.
    """
    if NO_CHECKS in os.environ:  # graded elsewhere: the questions need not even be here
        return
    question = question_of(name)
    if not 1 <= number <= len(question.parts):
        raise ValueError(f"number={number}: {name} has the parts 1 to {len(question.parts)}")
    part = replace(question, parts=(question.parts[number - 1],))
    asked = _asked(question, answer)
    (finding,) = part.grade(asked.cached, random.Random(asked.seed)).findings
    _forget_outputs()
    if finding.outcome is not Outcome.CORRECT:
        raise AssertionError(f"{finding.part}: {explanation(finding)}")


def _asked(question: Question, answer: Any) -> _Asked:
    """What is known of the answer from the cell just before this one, or nothing yet.

    Only from that cell: after any other, the answer may call a function that was written anew, and
    has to be run again though it is the same object.
    """
    global _last  # noqa: PLW0603  # what one cell leaves for the next
    cell = _cell()
    if _last is None or not _last.goes_on(question.key, answer, cell):
        cached = CachedAnswer(LocalAnswer(answer, question.probe))
        seed = random.Random().getrandbits(64)
        _last = _Asked(question.key, answer, cached, seed, cell)
    _last.cell = cell
    return _last


def _cell() -> int:
    """The number of the cell that runs; outside a notebook always 0."""
    from IPython.core.interactiveshell import InteractiveShell

    if not InteractiveShell.initialized():
        return 0
    return int(InteractiveShell.instance().execution_count)


def explanation(finding: Finding) -> str:
    """What there is to say of a part, without its name, as lines of text."""
    if finding.outcome is Outcome.NOT_ATTEMPTED:
        return f"not attempted. {finding.message or 'Replace the dots with your own code.'}"
    lines = [finding.outcome.value[1]]
    lines += [f"{label}: {text}" for label, text in finding.facts()]
    return "\n".join([*lines, finding.advice()] if finding.message else lines)


def _forget_outputs() -> None:
    """In a notebook, drop what the answer printed: nbgrader counts any stderr as a failure."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.display import clear_output

    if InteractiveShell.initialized():
        clear_output()
