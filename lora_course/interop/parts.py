"""One part of a question as a test that passes or raises: for graders that count such tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lora_course.chapters.rooms import question_of
from lora_course.checks.result import Finding, Outcome


def check_part(name: str, number: int, answer: Any) -> None:
    """Check part `number`, from 1, of the question "ch04.name"; AssertionError says what to mend.

    It takes a name, not the question, so that a test needs no import but this function's.
    """
    question = question_of(name)
    if not 1 <= number <= len(question.parts):
        raise ValueError(f"number={number}: {name} has the parts 1 to {len(question.parts)}")
    part = question.parts[number - 1]
    (finding,) = replace(question, parts=(part,)).check(answer).findings
    _forget_outputs()
    if finding.outcome is not Outcome.CORRECT:
        raise AssertionError(f"{finding.part}: {explanation(finding)}")


def explanation(finding: Finding) -> str:
    """What there is to say of a part, without its name, as lines of text."""
    if finding.outcome is Outcome.NOT_ATTEMPTED:
        return "not attempted. Replace the dots with your own code."
    lines = [finding.outcome.value[1]]
    lines += [f"{label}: {text}" for label, text in finding.facts()]
    return "\n".join([*lines, finding.advice()] if finding.message else lines)


def _forget_outputs() -> None:
    """In a notebook, drop what the answer printed: nbgrader counts any stderr as a failure."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.display import clear_output

    if InteractiveShell.initialized():
        clear_output()
