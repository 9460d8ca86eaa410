"""What a chapter's `questions` are while its notebook is graded: names, and nothing to be read.

The sandbox shows this file in their place. The questions themselves, with their checks, stay with
the grader, outside: it calls the notebook's answers when all cells have run.
"""

from __future__ import annotations

from typing import Any

QUESTIONS: tuple[Elsewhere, ...] = ()


class Elsewhere:
    """A question of which nothing is here but its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def check(self, answer: Any = None, seed: int | None = None) -> Elsewhere:
        """Nothing: the answer is checked when the notebook has run."""
        return self

    def hint(self, number: int = 1) -> Elsewhere:
        """Nothing: a hint helps nobody now."""
        return self

    def solution(self) -> Elsewhere:
        """Nothing, as `hint`."""
        return self

    def __repr__(self) -> str:
        return f"{self.name}: graded elsewhere, when all cells have run"


def __getattr__(name: str) -> Elsewhere:
    if name.startswith("_"):
        raise AttributeError(name)
    return Elsewhere(name)
