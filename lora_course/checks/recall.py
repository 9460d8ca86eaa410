"""A question of a minute on what was learnt earlier: fresh numbers, one answer, no points."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lora_course.checks.answer import LocalAnswer
from lora_course.checks.question import Mistake, WrongAnswerError, compare

NOT_A_NUMBER = "a number, please, such as 0.5 or 1280"


@dataclass(frozen=True)
class Recall:
    """A question whose numbers are drawn afresh each time.

    `text` and `because` show what `draw` gives, as {0}, {1}, …; `right` takes the same. Without
    `choices` a number is asked for, right within `tolerance` (relative), a whole one exactly.
    """

    name: str
    text: str
    draw: Callable[[random.Random], Sequence[Any]]
    right: Callable[..., Any]
    because: str
    choices: tuple[str, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    tolerance: float = 0.01

    def ask(self, draws: random.Random) -> Asked:
        """The question with numbers drawn from `draws`."""
        return Asked(self, tuple(self.draw(draws)))


@dataclass(frozen=True)
class Asked:
    """A recall question with its numbers; `check` an answer to it."""

    question: Recall
    case: tuple[Any, ...]

    @property
    def text(self) -> str:
        """What is asked."""
        return self.question.text.format(*self.case)

    @property
    def choices(self) -> tuple[str, ...]:
        """The answers to choose from; none where a number is asked for."""
        return self.question.choices

    def __str__(self) -> str:
        numbered = enumerate(self.choices, start=1)
        return self.text + "".join(f"\n   {number}: {choice}" for number, choice in numbered)

    def read(self, typed: str) -> Any:
        """What was typed, as an answer: a choice, by its number or its words, or a number.

        ValueError, with what is allowed, for anything else.
        """
        typed = typed.strip()
        if self.choices:
            numbered = {str(place): choice for place, choice in enumerate(self.choices, start=1)}
            found = numbered | {choice.lower(): choice for choice in self.choices}
            if typed.lower() not in found:
                raise ValueError(f"one of 1 to {len(self.choices)}, please")
            return found[typed.lower()]
        try:
            number = float(typed.replace(",", ""))
            return int(number) if number.is_integer() else number
        except (ValueError, OverflowError):
            raise ValueError(NOT_A_NUMBER) from None

    def check(self, answer: Any) -> tuple[bool, str]:
        """Whether it is right; and what to remember, after what was wrong if anything was."""
        right = self.question.right(*self.case)
        because = self.question.because.format(*self.case)
        try:
            compare(
                LocalAnswer(lambda *case: answer),
                self.question.name,
                [self.case],
                self.question.right,
                self.question.mistakes,
                self.question.tolerance,
            )
        except WrongAnswerError as error:
            named = f" {error}" if error.details["mistake"] in self._names() else ""
            return False, f"Not this time: it is {_shown(right)}.{named} {because}"
        return True, f"Right. {because}"

    def _names(self) -> set[str]:
        return {mistake.name for mistake in self.question.mistakes}


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
