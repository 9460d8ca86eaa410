"""Claims that a notebook makes: a table of true statements, each with its margin."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lora_course.display.predict import Prediction

TABLE = "border-collapse:collapse;margin:.4em 0"
CELL = "text-align:left;padding:.25em .9em .25em 0;vertical-align:top"
NARROW = f"{CELL};white-space:nowrap"


class ClaimFailedError(AssertionError):
    """A statement of the text does not hold on this machine."""


@dataclass(frozen=True)
class Claim:
    """A statement that holds, what was measured, and the bound that it had to keep."""

    statement: str
    measured: str
    bound: str

    def __str__(self) -> str:
        # `measured …` stands last: notebook validation blanks it, as it differs between machines.
        return f"✓ {self.statement} (needs {self.bound}; measured {self.measured})"


class Claims:
    """Claims as a table, as a sentence each where there are no tables; above them the guess."""

    def __init__(self, held: tuple[Claim, ...], guess: Prediction | None) -> None:
        self._claims = held
        made = guess is not None and guess.made
        self._guess = f"You guessed: {guess.value} ({guess.question})" if guess and made else ""

    def __str__(self) -> str:
        return "\n".join([*([self._guess] * bool(self._guess)), *map(str, self._claims)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """The table; nothing in it is taken for HTML."""
        heads = "".join(
            f'<th scope="col" style="{NARROW}">{text}</th>'
            for text in ("", "holds here", "measured", "needs")
        )
        rows = "".join(map(_row, self._claims))
        guessed = f"<p>{html.escape(self._guess)}</p>" * bool(self._guess)
        return f'{guessed}<table style="{TABLE}"><tr>{heads}</tr>{rows}</table>'


def claim(
    statement: str,
    measured: float,
    *,
    above: float | None = None,
    below: float | None = None,
    equals: float | None = None,
) -> Claim:
    """A claim that holds: `measured` lies strictly between the bounds, or `equals` one.

    ClaimFailedError, with the bound and what was measured, where it does not or is not a number.
    """
    if (above is None and below is None) == (equals is None):
        raise ValueError(
            "claim: give above=, below= or both, or equals= alone; a claim needs something to fail"
        )
    low = -math.inf if above is None else above
    high = math.inf if below is None else below
    bound = " and ".join(
        f"{word} {_number(bound)}"
        for word, bound in (("above", above), ("below", below), ("exactly", equals))
        if bound is not None
    )
    if not (low < measured < high if equals is None else measured == equals):
        raise ClaimFailedError(
            f"Not true here: {statement} (needs {bound}; measured {_number(measured)})"
        )
    return Claim(statement, _number(measured), bound)


def claims(*held: Claim, guess: Prediction | None = None) -> Claims:
    """Several claims as one table: the last thing in a cell. `guess`: to be shown above it."""
    if not held or not all(isinstance(one, Claim) for one in held):
        raise TypeError('claims: give it claim("…", measured, above=…), one or more')
    return Claims(held, guess)


def _row(claim: Claim) -> str:
    return (
        f'<tr><td style="{NARROW}">✓</td><td style="{CELL}">{html.escape(claim.statement)}</td>'
        f'<td style="{NARROW}" class="measured">{claim.measured}</td>'
        f'<td style="{NARROW}">{claim.bound}</td></tr>'
    )


def _number(value: float) -> str:
    """A count in full, any other number with three digits."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}"
