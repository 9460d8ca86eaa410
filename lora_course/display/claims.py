"""Claims that a notebook makes, printed as true statements with their margin."""

from __future__ import annotations

import math


class ClaimFailedError(AssertionError):
    """A statement of the text does not hold on this machine."""


def claim(
    statement: str, measured: float, *, above: float | None = None, below: float | None = None
) -> None:
    """Print "True: statement" when `measured` lies strictly between the bounds given.

    Both the bound and the measured value are shown, so that a reader sees the margin.
    ClaimFailedError, with both, when it does not hold or is not a number.
    """
    if above is None and below is None:
        raise ValueError("claim: give above=, below= or both; a claim needs something to fail")
    low = -math.inf if above is None else above
    high = math.inf if below is None else below
    bounds = " and ".join(
        f"{word} {bound:g}"
        for word, bound in (("above", above), ("below", below))
        if bound is not None
    )
    # `measured …` stands last: notebook validation blanks it, as it differs between machines.
    detail = f"needs {bounds}; measured {measured:.4g}"
    if not low < measured < high:
        raise ClaimFailedError(f"Not true here: {statement} ({detail})")
    print(f"True: {statement} ({detail})")
