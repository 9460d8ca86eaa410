"""Claims that a notebook makes, printed as true statements with their margin."""

from __future__ import annotations

import math


class ClaimFailedError(AssertionError):
    """A statement of the text does not hold on this machine."""


def claim(
    statement: str,
    measured: float,
    *,
    above: float | None = None,
    below: float | None = None,
    equals: float | None = None,
) -> None:
    """Print "True: statement" when `measured` lies strictly between the bounds, or `equals` one.

    Both the bound and the measured value are shown, so that a reader sees the margin.
    ClaimFailedError, with both, when it does not hold or is not a number.
    """
    if (above is None and below is None) == (equals is None):
        raise ValueError(
            "claim: give above=, below= or both, or equals= alone; a claim needs something to fail"
        )
    low = -math.inf if above is None else above
    high = math.inf if below is None else below
    bounds = " and ".join(
        f"{word} {_shown(bound)}"
        for word, bound in (("above", above), ("below", below), ("exactly", equals))
        if bound is not None
    )
    # `measured …` stands last: notebook validation blanks it, as it differs between machines.
    detail = f"needs {bounds}; measured {_shown(measured)}"
    if not (low < measured < high if equals is None else measured == equals):
        raise ClaimFailedError(f"Not true here: {statement} ({detail})")
    print(f"True: {statement} ({detail})")


def _shown(value: float) -> str:
    """A count in full, any other number with four digits."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
