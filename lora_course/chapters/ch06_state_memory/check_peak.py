"""Chapter 6, question (b): the peak of a timeline, and when it is."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

from lora_course.checks.answer import Answer
from lora_course.checks.question import Mistake, compare

FUNCTION = "find_peak"
Events = list[list[Any]]
"""[kind, change]: bytes that came, above 0, or went, below 0."""


def _live(events: Events) -> list[int]:
    """Bytes held after each event."""
    return list(itertools.accumulate(change for _, change in events))


def right(events: Events) -> dict[str, int]:
    """The most bytes held at one moment, and the number of the event after which they are."""
    live = _live(events)
    return {"bytes": max(live), "moment": live.index(max(live))}


def _bytes(of: Callable[[Events], int]) -> Callable[[Events], dict[str, int]]:
    """A wrong answer: other bytes at the right moment."""
    return lambda events: right(events) | {"bytes": of(events)}


def _moment(of: Callable[[Events], int]) -> Callable[[Events], dict[str, int]]:
    """A wrong answer: the right bytes at another moment."""
    return lambda events: right(events) | {"moment": of(events)}


def _most_of_each(events: Events) -> int:
    """Of each kind the most bytes, added up, whenever that was."""
    most: dict[str, int] = {}
    live: dict[str, int] = {}
    for kind, change in events:
        live[kind] = live.get(kind, 0) + change
        most[kind] = max(most.get(kind, 0), live[kind])
    return sum(most.values())


BYTES = (
    Mistake(
        "everything that ever came",
        _bytes(lambda events: sum(change for _, change in events if change > 0)),
        "That adds up all that came. What has gone is no longer held: subtract it.",
    ),
    Mistake(
        "the most of each kind, added up",
        _bytes(_most_of_each),
        "Kinds are largest at different moments. Add up what is held at one moment, then take the"
        " largest of these sums.",
    ),
    Mistake(
        "what is left at the end",
        _bytes(lambda events: _live(events)[-1]),
        "That is what is held after the last event. The peak is the most on the way.",
    ),
    Mistake(
        "the largest that came at once",
        _bytes(lambda events: max(change for _, change in events)),
        "That is the largest single change. What was there before is held as well.",
    ),
    Mistake(
        "sizes without signs",
        _bytes(lambda events: sum(abs(change) for _, change in events)),
        "A change below 0 frees bytes: keep its sign.",
    ),
)
MOMENTS = (
    Mistake(
        "counted from 1",
        _moment(lambda events: right(events)["moment"] + 1),
        "Events are numbered from 0, as lists are.",
    ),
    Mistake(
        "the last of two equal moments",
        _moment(lambda events: len(events) - 1 - _live(events)[::-1].index(max(_live(events)))),
        "The peak is reached twice: the first time counts.",
    ),
    Mistake(
        "when the largest came",
        _moment(lambda events: max(range(len(events)), key=lambda place: events[place][1])),
        "That is when the largest change came. The peak is when most is held.",
    ),
    Mistake(
        "the last event",
        _moment(lambda events: len(events) - 1),
        "That is the end. The peak lies before it.",
    ),
)


def check_bytes(answer: Answer, draws: random.Random) -> None:
    """How much is held at the fullest moment."""
    compare(answer, FUNCTION, _cases(draws), right, BYTES, keys=("bytes",))


def check_moment(answer: Answer, draws: random.Random) -> None:
    """Which event leads to it, the first if there are two."""
    compare(answer, FUNCTION, _cases(draws), right, MOMENTS, keys=("moment",))


def _cases(draws: random.Random) -> list[list[Events]]:
    """Small steps: fullest as the forward pass ends, and in the optimizer; one reaches it twice."""
    return [[_step(draws, many)] for many in (True, False, True)] + [[_twice(draws)]]


def _step(draws: random.Random, many: bool) -> Events:
    """Weights come first; what the forward pass keeps goes as gradients come; then the state."""
    weights, gradients = draws.randint(500, 900), draws.randint(60, 90)
    kept = [draws.randint(200, 300) if many else draws.randint(5, 9) for _ in range(3)]
    state = draws.randint(100, 150) if many else draws.randint(150, 200)
    events: Events = [["weights", weights], *(["kept", size] for size in kept)]
    for size in reversed(kept):
        events += [["kept", -size], ["gradients", gradients]]
    return [
        *events,
        ["state", state],
        ["passing", 40],
        ["passing", -40],
        ["gradients", -3 * gradients],
    ]


def _twice(draws: random.Random) -> Events:
    size, weights = draws.randint(100, 300), draws.randint(400, 900)
    twice = [["kept", size], ["kept", -size]] * 2
    return [["weights", weights], ["kept", 50], *twice, ["kept", -50]]
