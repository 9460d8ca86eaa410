"""A question: parts that check an answer, named mistakes, hints, and the solution on request."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

from lora_course.checks.answer import Answer, AnswerError, CachedAnswer, LocalAnswer, Probe
from lora_course.checks.plain import BlankError, is_tensor, show
from lora_course.checks.result import Finding, Note, Outcome, Result
from lora_course.checks.values import differs, same

# Set in a graded notebook's kernel: its own checks help nobody there, and some of them train.
NO_CHECKS = "LORA_COURSE_NO_CHECKS"
BUILT = "built.json"  # of a chapter's room, written when its notebooks are built
MAX_TEXT = 2000  # characters, of each text of a finding: some quote what an answer returned


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
    check: Callable[[Answer, random.Random], None]


@dataclass(frozen=True, repr=False)
class Question:
    """One graded question. `grade` is a pure function of the answer and fresh random inputs.

    `room` is the package of its chapter, "….ch09_some_topic"; `function` the name that the
    exercise gives the answer. Where the answer is a class, or changes a model, `probe` uses it:
    what the parts then call is `probe(answer, *arguments)`.
    """

    room: str
    name: str
    title: str
    parts: tuple[Part, ...]
    hints: tuple[str, ...]
    function: str = ""
    probe: Probe | None = None

    @property
    def key(self) -> str:
        """Its name among all chapters' questions, such as "ch09.name"."""
        chapter = self.room.rpartition(".")[2].partition("_")[0]
        return f"{chapter}.{self.name}"

    @property
    def max_points(self) -> int:
        """Points that the question is worth."""
        return sum(part.points for part in self.parts)

    def __repr__(self) -> str:
        calls = (f"check({self.function or 'your answer'})", "hint()", "solution()")
        return f"{self.title}, {self.max_points} points: " + ", ".join(
            f"{self.key}.{call}" for call in calls
        )

    def check(self, answer: Any, seed: int | None = None) -> Result:
        """Check `answer`, the function you wrote: the result shows what to mend.

        The inputs are drawn afresh each time; a `seed` draws the same again.
        """
        if NO_CHECKS in os.environ:
            return self.not_attempted()
        result = self.grade(LocalAnswer(answer, self.probe), random.Random(seed))
        return replace(result, reached=_listener(self, result))

    def not_attempted(self) -> Result:
        """The result of a question that nobody has answered."""
        findings = (Finding(p.name, p.points, Outcome.NOT_ATTEMPTED) for p in self.parts)
        return Result(self.title, tuple(findings))

    def grade(self, answer: Answer, draws: random.Random) -> Result:
        """Check what lies behind `answer` on inputs drawn from `draws`; never raises.

        All parts draw from one seed and share their calls, so a slow answer runs only once.
        """
        remembered, seed = CachedAnswer(answer), draws.getrandbits(64)
        return Result(
            self.title,
            tuple(self._finding(part, remembered, random.Random(seed)) for part in self.parts),
        )

    def hint(self, number: int = 1) -> Note:
        """The first hint; `hint(2)` goes further."""
        count = len(self.hints)
        if type(number) is int and 1 <= number <= count:
            return Note(f"Hint {number} of {count} · {self.title}", self.hints[number - 1])
        if type(number) is int and number > count:
            text = f"There are only {count} hints. What comes next is {self.key}.solution()."
        else:
            text = f"Hints are numbered 1 to {count}: {self.key}.hint(1) is the first."
        return Note(f"No such hint · {self.title}", text)

    def solution(self) -> Note:
        """One right answer, as code."""
        title = f"One solution · {self.title}"
        built = files(self.room).joinpath(BUILT)
        if not built.is_file():  # in a sandbox
            return Note(title, "Solutions are not shown while a notebook is graded.")
        code = json.loads(built.read_text(encoding="utf-8"))["solutions"][self.name]
        return Note(title, code, code=True)

    def _finding(self, part: Part, answer: Answer, draws: random.Random) -> Finding:
        try:
            part.check(answer, draws)
        except BlankError:
            return Finding(part.name, part.points, Outcome.NOT_ATTEMPTED)
        except WrongAnswerError as error:
            details = {name: text[:MAX_TEXT] for name, text in error.details.items()}
            message = str(error)[:MAX_TEXT]
            return Finding(part.name, part.points, Outcome.INCORRECT, message, **details)
        except AnswerError as error:
            message = f"{self.function or 'Your answer'} {error}"[:MAX_TEXT]
            return Finding(part.name, part.points, Outcome.ERROR, message)
        except Exception as error:  # contained: one part's trouble must not cost the others
            message = f"The check could not read your answer ({type(error).__name__})."
            return Finding(part.name, part.points, Outcome.ERROR, message)
        return Finding(part.name, part.points, Outcome.CORRECT)


Listener = Callable[[Question, Result], str]
"""Hears of each check that a learner makes; its answer is shown below the result."""


def _nobody(question: Question, result: Result) -> str:
    return ""


_listener: Listener = _nobody


def listen(listener: Listener) -> None:
    """Let `listener` hear of every check from now on, in place of the one before."""
    global _listener  # noqa: PLW0603  # one learner, one progress a process
    _listener = listener


def call_text(function: str, arguments: Sequence[Any]) -> str:
    """The call as the learner would write it."""
    text = f"{function}({', '.join(map(_argument, arguments))})"
    return text if len(text) <= 300 else text[:299] + "…"


def _argument(value: Any) -> str:
    """One argument of a call: as one types it, or a tensor's shape and type."""
    return show(value) if is_tensor(value) else repr(value)


def compare(
    answer: Answer,
    function: str | Callable[..., str],
    cases: Sequence[Sequence[Any]],
    right: Callable[..., Any],
    mistakes: Sequence[Mistake] = (),
    tolerance: float | Sequence[float] = 0.0,
    keys: Sequence[str] = (),
    diagnose_by: Sequence[str] = (),
    absolute: float = 0.0,
    read: Callable[[Any], Any] = lambda value: value,
) -> None:
    """Call the answer on every case; WrongAnswerError for the first one that is not `right`.

    `function` is the answer's name, or tells from a case's arguments what to show as the call.
    `tolerance` is relative, one for all cases or one for each, `absolute` is for all. Of a dict
    only `keys` count, where given; `read` takes from a value what says the same in another way. A
    mistake is named when it explains every answer, not just the one shown: by the entries
    `diagnose_by` if one does, else by `keys`.
    """
    near = tolerance if isinstance(tolerance, Sequence) else [tolerance] * len(cases)
    returned = [answer.call(*case) for case in cases]

    def alike(place: int, got: Any, want: Any, keys: Sequence[str]) -> bool:
        got, want = (read(_only_keys(value, keys)) for value in (got, want))
        return same(got, want, near[place], absolute)

    def diagnosed(keys: Sequence[str]) -> tuple[str, str] | None:
        for mistake in mistakes:
            if all(
                alike(place, returned[place], mistake.wrong(*case), keys)
                for place, case in enumerate(cases)
            ):
                return mistake.name, mistake.message
        return None

    for place, case in enumerate(cases):
        value, want = returned[place], right(*case)
        if alike(place, value, want, keys):
            continue
        shown = _only_keys(want, keys)
        name, message = (
            diagnosed(diagnose_by or keys)
            or diagnosed(keys)
            or differs(read(_but_keys(value, want, keys)), read(shown), near[place], absolute)
        )
        called = call_text(function, case) if isinstance(function, str) else function(*case)
        raise WrongAnswerError(message, called, show(value), show(shown), name)


def _but_keys(value: Any, want: Any, keys: Sequence[str]) -> Any:
    """A dict without the entries of `want` that another part asks for: they are no surplus."""
    if not keys or type(value) is not dict:
        return value
    return {key: entry for key, entry in value.items() if key in keys or key not in want}


def _only_keys(value: Any, keys: Sequence[str]) -> Any:
    """Of a dict the entries `keys`, as far as it has them; anything else as it is."""
    if not keys or type(value) is not dict:
        return value
    return {key: value[key] for key in keys if key in value}
