"""A question: parts that check an answer, named mistakes, hints, and the solution on request."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from lora_course.checks.face import AnswerError, Face, LocalFace, RememberingFace
from lora_course.checks.plain import BlankError, show
from lora_course.checks.result import Finding, Note, Outcome, Result


class WrongAnswerError(Exception):
    """A part of an answer is wrong: what was called, returned, expected, and the likely cause."""

    def __init__(
        self, message: str, called: str = "", got: str = "", expected: str = "", mistake: str = ""
    ) -> None:
        super().__init__(message)
        self.details = {"called": called, "got": got, "expected": expected, "mistake": mistake}


@dataclass(frozen=True)
class Mistake:
    """A mistake that learners make: what it would return for the same arguments, and advice."""

    name: str
    wrong: Callable[..., Any]
    message: str


@dataclass(frozen=True)
class Part:
    """A named part of a question; `check` raises WrongAnswerError when the answer fails it."""

    name: str
    points: int
    check: Callable[[Face, random.Random], None]


@dataclass(frozen=True)
class Question:
    """One graded question. `check` is a pure function of the answer and fresh random inputs."""

    chapter: int
    name: str
    title: str
    parts: tuple[Part, ...]
    hints: tuple[str, ...]
    function: str = ""

    @property
    def max_points(self) -> int:
        """Points that the question is worth."""
        return sum(part.points for part in self.parts)

    def check(self, answer: Any) -> Result:
        """Check `answer`, the function you wrote: the result shows what to mend."""
        return self.grade(LocalFace(answer), random.Random())

    def grade(self, face: Face, draws: random.Random) -> Result:
        """Check what lies behind `face` on inputs drawn from `draws`; never raises.

        All parts draw from one seed and share their calls, so a slow answer runs only once.
        """
        remembered, seed = RememberingFace(face), draws.getrandbits(64)
        return Result(
            self.title,
            tuple(self._finding(part, remembered, random.Random(seed)) for part in self.parts),
        )

    def hint(self, number: int = 1) -> Note:
        """The first hint; `hint(2)` goes further."""
        if number not in range(1, len(self.hints) + 1):
            raise ValueError(f"number={number!r}: this question has hints 1 to {len(self.hints)}")
        more = f" of {len(self.hints)}"
        return Note(f"Hint {number}{more} · {self.title}", self.hints[number - 1])

    def solution(self) -> Note:
        """One right answer, as code."""
        text = files("lora_course.checks").joinpath("solutions.json").read_text(encoding="utf-8")
        code = json.loads(text)[f"ch{self.chapter:02d}.{self.name}"]
        return Note(f"One solution · {self.title}", code, code=True)

    def _finding(self, part: Part, face: Face, draws: random.Random) -> Finding:
        try:
            part.check(face, draws)
        except BlankError:
            return Finding(part.name, part.points, Outcome.NOT_ATTEMPTED)
        except WrongAnswerError as error:
            details = error.details
            return Finding(part.name, part.points, Outcome.INCORRECT, str(error), **details)
        except AnswerError as error:
            message = f"{self.function or 'Your answer'} {error}"
            return Finding(part.name, part.points, Outcome.ERROR, message)
        except Exception as error:  # contained: one part's trouble must not cost the others
            message = f"The check could not read your answer ({type(error).__name__})."
            return Finding(part.name, part.points, Outcome.ERROR, message)
        return Finding(part.name, part.points, Outcome.CORRECT)


def call_text(function: str, arguments: Sequence[Any]) -> str:
    """The call as the learner would write it."""
    text = f"{function}({', '.join(map(repr, arguments))})"
    return text if len(text) <= 300 else text[:299] + "…"


def same(got: Any, expected: Any, tolerance: float = 0.0) -> bool:
    """Whether plain `got` equals `expected`: type and shape first, then values.

    Whole numbers must be equal and whole; others within `tolerance`, relative. NaN equals nothing.
    """
    if type(expected) is dict:
        return (
            type(got) is dict
            and got.keys() == expected.keys()
            and all(same(got[key], expected[key], tolerance) for key in expected)
        )
    if type(expected) is list:
        return (
            type(got) is list
            and len(got) == len(expected)
            and all(same(a, b, tolerance) for a, b in zip(got, expected, strict=True))
        )
    if type(expected) is float:
        if type(got) not in (int, float) or not math.isfinite(got):
            return False
        return abs(got - expected) <= tolerance * max(abs(expected), 1e-300)
    return type(got) is type(expected) and got == expected


def compare(
    face: Face,
    function: str,
    cases: Sequence[Sequence[Any]],
    right: Callable[..., Any],
    mistakes: Sequence[Mistake],
    tolerance: float = 0.0,
) -> None:
    """Call the answer on every case; WrongAnswerError for the first one that is not `right`.

    A mistake is named when it explains every answer, not just the one shown.
    """
    answers = [face.call(*case) for case in cases]
    expected = [right(*case) for case in cases]
    for case, got, want in zip(cases, answers, expected, strict=True):
        if same(got, want, tolerance):
            continue
        name, message = _diagnose(cases, answers, mistakes, tolerance) or _generic(got, want)
        raise WrongAnswerError(message, call_text(function, case), show(got), show(want), name)


def _diagnose(
    cases: Sequence[Sequence[Any]],
    answers: Sequence[Any],
    mistakes: Sequence[Mistake],
    tolerance: float,
) -> tuple[str, str] | None:
    for mistake in mistakes:
        predicted = [mistake.wrong(*case) for case in cases]
        if all(same(a, p, tolerance) for a, p in zip(answers, predicted, strict=True)):
            return mistake.name, mistake.message
    return None


def _generic(got: Any, want: Any) -> tuple[str, str]:
    """A name and advice for what no listed mistake explains: type and shape troubles first."""
    if got is None:
        return "nothing returned", "Your function returned None: is a `return` missing?"
    if type(want) is int and type(got) is float:
        return "not a whole number", "A count is a whole number (int): use // or leave out the /."
    if type(want) is dict and type(got) is dict and got.keys() != want.keys():
        missing = ", ".join(map(repr, want.keys() - got.keys())) or "none"
        extra = ", ".join(show(key) for key in got.keys() - want.keys()) or "none"
        return "other keys", f"The keys differ. Missing: {missing}; not asked for: {extra}."
    if type(want) is not type(got) and not {type(want), type(got)} <= {int, float}:
        names = {"NoneType": "None"}
        kind, asked = (names.get(type(v).__name__, type(v).__name__) for v in (got, want))
        return "another type", f"The answer has type {kind}; {asked} was expected."
    if type(want) is dict:
        wrong = [key for key in want if not same(got[key], want[key], 1e-6)]
        return "", f"Look at {', '.join(map(repr, wrong))}: the other entries are right."
    return "", "The type is right, the value is not: work the call above out by hand."
