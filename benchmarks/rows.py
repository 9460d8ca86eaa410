"""One measured figure and its budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Budget:
    """What a figure may be: "at most" or "at least" `limit`."""

    kind: str
    limit: float

    def __post_init__(self) -> None:
        if self.kind not in ("at most", "at least"):
            raise ValueError(f'kind={self.kind!r}: must be "at most" or "at least"')

    def allows(self, value: float) -> bool:
        """Whether `value` is within the budget; NaN never is."""
        return value <= self.limit if self.kind == "at most" else value >= self.limit


@dataclass(frozen=True)
class Row:
    """One figure. Its name is "case.figure"; without a budget it is there for information."""

    name: str
    what: str
    value: float
    unit: str
    budget: Budget | None = None

    @property
    def case(self) -> str:
        """The case that measured it."""
        return self.name.partition(".")[0]

    @property
    def ok(self) -> bool:
        """Whether the figure is within its budget."""
        return self.budget is None or self.budget.allows(self.value)

    def as_dict(self) -> dict[str, Any]:
        """For JSON. `ok` is for the reader of the file; `from_dict` works it out anew."""
        budget = None if self.budget is None else vars(self.budget)
        return {**vars(self), "budget": budget, "ok": self.ok}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Row:
        """The row that `as_dict` wrote."""
        budget = None if data["budget"] is None else Budget(**data["budget"])
        return cls(data["name"], data["what"], data["value"], data["unit"], budget)


def at_most(limit: float) -> Budget:
    """A budget for what should be small."""
    return Budget("at most", limit)


def at_least(limit: float) -> Budget:
    """A budget for what should be large."""
    return Budget("at least", limit)
