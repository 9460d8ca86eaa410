"""What a check answers: an outcome, points, as text and as HTML, both escaped."""

from __future__ import annotations

import html
from dataclasses import dataclass
from enum import Enum

AGAIN = "For the same reason as above."
TO_DO = (
    "It still returns the dots: put what your code works out in their place, then run this again."
)


class Outcome(Enum):
    """The four outcomes of a check: a sign that every ordinary font has, and a word."""

    CORRECT = ("✓", "correct")
    INCORRECT = ("✗", "not yet")
    ERROR = ("⚠", "your code could not be used")
    NOT_ATTEMPTED = ("□", "not attempted")


@dataclass(frozen=True)
class Finding:
    """One part of a question: whether it passed, and if not, everything needed to mend it."""

    part: str
    points: int
    outcome: Outcome
    message: str = ""
    called: str = ""
    got: str = ""
    expected: str = ""
    mistake: str = ""

    @property
    def earned(self) -> int:
        """The part's points when it passed, else 0."""
        return self.points if self.outcome is Outcome.CORRECT else 0

    def advice(self) -> str:
        """The message, led by the name of the mistake where one was recognised."""
        if not self.mistake:
            return self.message
        return f"{self.mistake[0].upper()}{self.mistake[1:]}: {self.message}"

    def facts(self) -> list[tuple[str, str]]:
        """Label and text of what was called, returned and expected, where there is any."""
        rows = [("called", self.called), ("returned", self.got), ("expected", self.expected)]
        return [(label, text) for label, text in rows if text]

    def explained_like(self, other: Finding) -> bool:
        """Whether both would show the same facts and the same advice."""
        return bool(self.message) and (self.facts(), self.advice()) == (
            other.facts(),
            other.advice(),
        )


@dataclass(frozen=True)
class Result:
    """The findings of one check of one question."""

    title: str
    findings: tuple[Finding, ...]
    reached: str = ""  # in the chapter so far, where that is known

    @property
    def points(self) -> int:
        """Points earned."""
        return sum(finding.earned for finding in self.findings)

    @property
    def max_points(self) -> int:
        """Points that the question is worth."""
        return sum(finding.points for finding in self.findings)

    @property
    def outcome(self) -> Outcome:
        """Correct when every part is, blank when every part is, else an error or not yet.

        Code of which a part is right or wrong could be used, even if it fails in another part.
        """
        outcomes = {finding.outcome for finding in self.findings}
        if len(outcomes) == 1:
            return outcomes.pop()
        if outcomes == {Outcome.ERROR, Outcome.NOT_ATTEMPTED}:
            return Outcome.ERROR
        return Outcome.INCORRECT

    @property
    def mistakes(self) -> tuple[str, ...]:
        """The names of the mistakes that were recognised."""
        return tuple(finding.mistake for finding in self.findings if finding.mistake)

    def headline(self) -> str:
        """Sign, title, outcome and points in one line."""
        sign, word = self.outcome.value
        return f"{sign} {self.title}: {word}, {self.points} of {self.max_points} points"

    def _explained_before(self, place: int) -> bool:
        """Whether an earlier part shows the very same facts and advice."""
        finding = self.findings[place]
        return any(finding.explained_like(earlier) for earlier in self.findings[:place])

    def __str__(self) -> str:
        if self.outcome is Outcome.NOT_ATTEMPTED:
            return f"{self.headline()}. {TO_DO}"
        lines = [self.headline()]
        for place, finding in enumerate(self.findings):
            lines.append(f"  {finding.outcome.value[0]} {finding.part}")
            if self._explained_before(place):
                lines.append(f"       {AGAIN}")
                continue
            lines += [f"       {label}: {text}" for label, text in finding.facts()]
            lines += [f"       {finding.advice()}"] * bool(finding.message)
        return "\n".join([*lines, *([f"  {self.reached}"] * bool(self.reached))])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        if self.outcome is Outcome.NOT_ATTEMPTED:
            return _card(html.escape(str(self)))
        parts = []
        for place, finding in enumerate(self.findings):
            sign, word = finding.outcome.value
            facts = "".join(
                f"<div>{label}: <code>{html.escape(text)}</code></div>"
                for label, text in finding.facts()
            )
            message = f"<div>{html.escape(finding.advice())}</div>" * bool(finding.message)
            if self._explained_before(place):
                facts, message = "", f"<div>{AGAIN}</div>"
            parts.append(
                '<li style="list-style:none;margin:.3em 0">'
                f'<span role="img" aria-label="{word}">{sign}</span> {html.escape(finding.part)}'
                f'<div style="margin-left:1.8em">{facts}{message}</div></li>'
            )
        return _card(
            f"<strong>{html.escape(self.headline())}</strong>"
            f'<ul style="margin:.3em 0 0;padding:0">{"".join(parts)}</ul>'
            + f"<small>{html.escape(self.reached)}</small>"
            * bool(self.reached)
        )


@dataclass(frozen=True)
class Note:
    """A hint or a solution: text, or code."""

    title: str
    body: str
    code: bool = False

    def __str__(self) -> str:
        return f"{self.title}\n{self.body}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        body = html.escape(self.body)
        return _card(
            f"<strong>{html.escape(self.title)}</strong>"
            + (f"<pre>{body}</pre>" if self.code else f"<div>{body}</div>")
        )


def _card(content: str) -> str:
    """A box with a rule at its left; text and background are the page's, so both themes work."""
    style = "border-left:4px solid #888;padding:.4em .8em;margin:.4em 0;overflow-wrap:anywhere"
    return f'<div role="status" style="{style}">{content}</div>'
