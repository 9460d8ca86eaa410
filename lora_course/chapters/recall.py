"""Three questions of a minute at the start of a chapter, on what was learnt in earlier ones."""

from __future__ import annotations

import datetime
import html
import os
import random
from functools import partial
from typing import Any

import ipywidgets as ipw

from lora_course.chapters.spacing import Item, opening
from lora_course.checks.question import NO_CHECKS
from lora_course.checks.recall import Asked
from lora_course.display.controls import Told, answering

CARD = ipw.Layout(border_left="4px solid #888", padding="0 0 0 .8em", margin=".4em 0")


class RecallCards(Told):
    """The questions, to be answered one by one with the mouse, the keyboard, or `answer`."""

    def __init__(self, asked: list[tuple[Item, Asked]], chapter: int, today: datetime.date) -> None:
        self._asked, self._chapter, self._today = asked, chapter, today
        self._said = [ipw.HTML() for _ in asked]
        super().__init__([self._card(number) for number in range(1, len(asked) + 1)])
        self.add_class("lora-recall")

    def answer(self, number: int, answer: Any) -> str:
        """Answer question `number`, from 1 on; what is said to it. Its first answer counts."""
        if not 1 <= number <= len(self._asked):
            raise ValueError(f"number={number!r}: must be from 1 to {len(self._asked)}")
        item, asked = self._asked[number - 1]
        said = self._said[number - 1]
        try:
            right, words = asked.check(asked.read(str(answer)))
        except ValueError as error:
            said.value = f"<em>{html.escape(str(error))}</em>"
            return str(error)
        if not said.value.startswith("<p>"):  # then it has been answered: one knows it by now
            item.note(right, self._today)
        said.value = f"<p>{'✓' if right else '✗'} {html.escape(words)}</p>"
        return words

    def __str__(self) -> str:
        lines = [f"{number}. {asked}" for number, (_, asked) in enumerate(self._asked, start=1)]
        how = f"Answer in a new cell: recall({self._chapter}).answer(1, …). No points."
        return "\n".join([*lines, how] if lines else ["Nothing to recall yet."])

    def _card(self, number: int) -> Any:
        _, asked = self._asked[number - 1]
        title = ipw.HTML(f"<strong>{number}.</strong> {html.escape(asked.text)}")
        control = answering(asked.choices, None, partial(self._answered, number))
        return ipw.VBox([title, control, self._said[number - 1]], layout=CARD)

    def _answered(self, number: int, answer: Any) -> None:
        if answer not in (None, ""):
            self.answer(number, answer)


def recall(chapter: int) -> RecallCards:
    """Three questions on the chapters before `chapter`; their numbers are others each day."""
    today = datetime.date.today()
    # While a notebook is graded there is nobody to ask, and no room shows its questions.
    chosen = [] if NO_CHECKS in os.environ else opening(chapter, today)
    asked = [(item, item.question.ask(random.Random(f"{item.key}/{today}"))) for item in chosen]
    return RecallCards(asked, chapter, today)
