"""A guess before one measures: made with buttons or in the call, kept, and never needed.

What one has guessed one wants to know, and what surprised one stays. So a chapter asks first; the
figure that follows shows the guess beside what was measured.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Any

import ipywidgets as ipw

from lora_course import learner
from lora_course.display.controls import Told, answering

KEPT = "guesses"


class Prediction(Told):
    """A question and the guess at its answer, `value`: None as long as there is none."""

    words_style = "border-left:4px solid #0072B2;padding:.3em .8em;margin:.4em 0"

    def __init__(self, question: str, choices: tuple[Any, ...]) -> None:
        self.question, self.choices = question, choices
        kept = learner.read(KEPT).get(question)
        self.value: Any = kept if _allowed(kept, choices) else None
        self._said = ipw.HTML()
        title = ipw.HTML(f"<strong>Predict.</strong> {html.escape(question)}")
        super().__init__([title, answering(choices, self.value, self._answered), self._said])
        self.add_class("lora-predict")
        self._tell()

    @property
    def made(self) -> bool:
        """Whether a guess was made."""
        return self.value is not None

    def guess(self, value: Any) -> None:
        """Make the guess, or another one; ValueError for what cannot be one."""
        if not _allowed(value, self.choices):
            allowed = " or ".join(map(repr, self.choices)) or "a finite number"
            raise ValueError(f"guess={value!r}: must be {allowed}; or leave it out")
        self.value = value
        learner.keep(KEPT, self.question, value)
        self._tell()

    def __str__(self) -> str:
        if self.made:
            return f"Predict. {self.question} Your guess: {self.value}"
        options = " / ".join(map(str, self.choices)) or "a number"
        return (
            f"Predict. {self.question} {options}\n"
            f"Write your guess as guess=… into the call above, or go on without one."
        )

    def _answered(self, answer: Any) -> None:
        if self.choices:
            self.guess(answer)
            return
        try:
            self.guess(float(answer.replace(",", "")))
        except ValueError:
            self._said.value = "<em>A number, please, such as 0.5 or 40.</em>"

    def _tell(self) -> None:
        said = f"Your guess: {self.value}. Run on: it is shown beside the result."
        self._said.value = html.escape(said) if self.made else "<em>No grade: guess, or go on.</em>"


def predict(question: str, choices: Sequence[Any] = (), guess: Any = None) -> Prediction:
    """Ask for a guess: one of `choices`, or any number; the question and its guess are shown.

    `guess` makes it without a mouse or widgets. It is kept, and there again when the cell is run
    anew; nothing needs one.
    """
    from IPython.display import display

    prediction = Prediction(question, tuple(choices))
    if guess is not None:
        prediction.guess(guess)
    display(prediction)
    return prediction


def _allowed(value: Any, choices: tuple[Any, ...]) -> bool:
    if choices:
        return any(type(value) is type(one) and value == one for one in choices)
    return type(value) in (int, float) and math.isfinite(value)
