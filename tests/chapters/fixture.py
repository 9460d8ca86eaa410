"""What learners answer, as they would type it, and what they must be told: the tables' rows."""

from importlib import import_module
from typing import NamedTuple

from lora_course.chapters.rooms import Room
from lora_course.checks.result import Outcome

RIGHT, WRONG, ERROR, BLANK = (
    Outcome.CORRECT,
    Outcome.INCORRECT,
    Outcome.ERROR,
    Outcome.NOT_ATTEMPTED,
)


class Fixture(NamedTuple):
    """`code` defines `answer`; its check must give the outcome, name the mistake, say the words."""

    label: str
    code: str
    outcome: Outcome
    mistake: str = ""
    words: str = ""
    long: bool = False  # checking it takes seconds


def answer_of(code: str) -> object:
    """What the code of a fixture leaves under the name `answer`."""
    names: dict[str, object] = {"__name__": "__main__"}
    exec(code, names)
    return names["answer"]


def own_draws(room: Room) -> tuple[str, ...]:
    """Questions of a chapter that are too slow for many draws, or have a test of theirs for it."""
    module = import_module(f"tests.chapters.{room.name}.answers")
    names: tuple[str, ...] = getattr(module, "OWN_DRAWS", ())
    return names


def answers_of(room: Room) -> dict[str, list[Fixture]]:
    """The tables of a chapter's questions, by their names."""
    tables: dict[str, list[Fixture]] = import_module(f"tests.chapters.{room.name}.answers").TABLES
    return tables
