"""Chapter 4, question (e): the losses that come back. All pairs are there, no best at an edge."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Iterable
from typing import Any

from lora_course.chapters.ch04_rank_selection.check_sweep_call import (
    ABOVE,
    BELOW,
    BOTH,
    INSIDE,
    Sweep,
    asked,
)
from lora_course.chapters.ch04_rank_selection.sweep_probe import MOST_RUNS
from lora_course.checks.answer import Answer
from lora_course.checks.plain import show
from lora_course.checks.question import WrongAnswerError
from lora_course.core.rates import edge

Losses = dict[int, dict[float, list[float]]]


def check_pairs(answer: Answer, draws: random.Random) -> None:
    """Every rank at every rate with every seed; the losses come back as they were measured."""
    for case in (INSIDE, ABOVE):  # of the rates that were added, too
        _check_losses(asked(answer, draws, case))


def _check_losses(seen: Sweep) -> None:
    losses = _read_losses(seen)
    for rank, by_rate in losses.items():
        for rate, got in by_rate.items():
            want = [seen.loss(rank, rate, seed) for seed in seen.seeds]
            if len(got) == len(want) and all(map(_close, got, want)):
                continue
            where = f"{show(got)} at rank {rank}, rate {rate:g}"
            if len(got) < len(want):
                raise seen.wrong(
                    "Each rate needs a loss for every seed: one run cannot show its own luck.",
                    where,
                    f"{len(want)} losses, one a seed",
                    "seeds left out",
                )
            raise seen.wrong(
                "These are not the losses that train gave for this rank, rate and seeds: did each"
                " call get its own config, rate and seed?",
                where,
                show(want),
                "losses of other runs",
            )


def check_widened(answer: Answer, draws: random.Random) -> None:
    """No rank is best at an edge of its rates; and no rate is added where none was."""
    seen = asked(answer, draws, INSIDE)
    for rank, by_rate in _read_losses(seen).items():
        if len(by_rate) > len(seen.rates):
            raise seen.wrong(
                "No rank was best at an edge, so no rate had to be added. The best rate is the one"
                " with the lowest mean over the seeds: a single run may be lucky elsewhere.",
                f"rates at rank {rank}: {_rates(by_rate)}",
                f"the rates asked for: {_rates(seen.rates)}",
                "widened without need",
            )
    for case, way in ((ABOVE, "upward"), (BELOW, "downward"), (BOTH, "both ways")):
        _check_inside(asked(answer, draws, case), way)


def _check_inside(seen: Sweep, way: str) -> None:
    losses = _read_losses(seen)
    for rank, by_rate in losses.items():
        means = {rate: statistics.fmean(row) for rate, row in by_rate.items()}
        best = min(means, key=means.__getitem__)
        word = edge(best, means)
        if not word:
            continue
        name, message = (
            ("not widened", "Compare each rank's best rate with the edges, and add one beyond.")
            if way == "upward" and all(len(row) <= len(seen.rates) for row in losses.values())
            else (
                f"not widened {way}",
                "One step more may not be enough, and some ranks need it at the other end: go on"
                " until none is at an edge.",
            )
        )
        raise seen.wrong(
            f"Rank {rank} does best at the {word} rate tried: one beyond may be better still."
            f" {message}",
            f"rank {rank}: best at {best:g} of {_rates(by_rate)}",
            "a best rate with a tried one on either side",
            name,
        )


def _read_losses(seen: Sweep) -> Losses:
    """What was returned, as {rank: {rate: losses}} with all that was asked for in it."""
    shape = "{rank: {rate: [a loss a seed]}}"
    losses = seen.returned
    if seen.endless:
        raise seen.wrong(
            f"Stopped after {MOST_RUNS} runs. Is the best loss the lowest, is each rank's best rate"
            " found anew in each round, and is the rate that is added twice or half the edge's?",
            f"{MOST_RUNS} runs, rates from {seen.tried[0]:.3g} to {seen.tried[1]:.3g}",
            "an end, once no rank is best at an edge",
            "never ends",
        )

    def wrong(message: str, mistake: str) -> WrongAnswerError:
        return seen.wrong(message, show(losses), shape, mistake)

    if losses is None:
        raise wrong("It returned None: is a `return` missing?", "nothing returned")
    if type(losses) is not dict or not all(type(row) is dict for row in losses.values()):
        raise wrong("Return a dict of dicts: for each rank its rates.", "not a dict of dicts")
    if set(losses) != set(seen.ranks):
        raise wrong(f"Its outer keys must be the ranks: {show(seen.ranks)}.", "other ranks")
    for rank, by_rate in losses.items():
        rows = list(by_rate.values())
        if rows and all(type(row) in (int, float) for row in rows):
            raise wrong(
                "Keep the loss of every seed, in a list: to choose takes their spread.",
                "one number for all seeds",
            )
        if not all(type(row) is list and row and _numbers(row) for row in rows):
            raise wrong("For each rate: a list of the losses.", "no lists of losses")
        if not all(type(rate) in (int, float) and rate > 0 for rate in by_rate):
            raise wrong("Below a rank, the keys are its learning rates.", "other rates")
        left_out = [rate for rate in seen.rates if not any(_close(rate, own) for own in by_rate)]
        if left_out:
            raise wrong(
                f"At rank {rank} {_rates(left_out)} is missing: return all that was tried.",
                "rates left out",
            )
    return {rank: losses[rank] for rank in seen.ranks}


def _numbers(row: list[Any]) -> bool:
    return all(type(value) in (int, float) and math.isfinite(value) for value in row)


def _close(first: float, second: float) -> bool:
    return math.isclose(first, second, rel_tol=1e-9)


def _rates(rates: Iterable[float]) -> str:
    return ", ".join(f"{rate:g}" for rate in sorted(rates))
