"""Too little rank, or too much."""

from __future__ import annotations

import math
import statistics

from lora_course.compare.diagnoses.diagnosis import CLEAR, Diagnosis, Sweep, Verdict
from lora_course.compare.records import FULL, HEAD


def underfitting(sweep: Sweep) -> Verdict:
    """The best is at the edge and still gaining on both sets, or full tuning is clearly ahead."""
    evidence, try_next, strength = [], [], 0.0
    choice, ranks, name = sweep.choice, sweep.ranks, sweep.metric.name
    largest = ranks[-1]
    full = sweep.difference(sweep.good, FULL, choice.best_rank)
    full_train = sweep.difference(sweep.good_train, FULL, choice.best_rank)
    full_ahead = full.errors > CLEAR and full_train.errors > -1
    if len(ranks) > 1 and choice.rank == largest:
        held = sweep.difference(sweep.good, largest, ranks[-2])
        train = sweep.difference(sweep.good_train, largest, ranks[-2])
        if held.errors > 1 and train.errors > 1:
            carried = held.mean / train.mean
            evidence.append(
                f"From rank {ranks[-2]} to {largest}, the largest, {name} still improves by {held}"
                f" held out and by {train} on training examples."
            )
            strength = max(1.0, held.errors * min(1.0, carried))
            try_next.append(f"Larger ranks: {2 * largest} and {4 * largest}.")
            if carried < 0.5:
                evidence.append(
                    f"Only {carried:.0%} of the gain on training examples carries over."
                )
                try_next.append("More training data, for the larger rank to learn the task from.")
            if not math.isnan(full.error) and not full_ahead:
                evidence.append(
                    "Full tuning, which no rank limits, is not clearly ahead of it: expect little."
                )
                strength = max(1.0, strength / 2)
    if full_ahead:
        evidence.append(
            f"Full tuning is {full} ahead of the best rank, {choice.best_rank}, in {name}."
        )
        strength = max(strength, full.errors)
        modules = "More target modules: all linear layers, if not all are adapted yet."
        try_next += [] if try_next else [f"A larger rank: {2 * largest}."]
        # Where more rank has stopped helping, what is missing is somewhere else.
        try_next.insert(0 if choice.best_rank != largest else 1, modules)
    return (
        (strength, Diagnosis("underfitting", tuple(evidence), tuple(try_next)))
        if evidence
        else None
    )


def overfitting(sweep: Sweep) -> Verdict:
    """The largest rank fits training examples as well as the best or better, held-out ones worse.

    Or: the model before any adapter did clearly better on held-out examples than every rank.
    """
    evidence, strength = [], 0.0
    choice, largest, name = sweep.choice, sweep.ranks[-1], sweep.metric.name
    best = choice.best_rank
    worse = sweep.difference(sweep.good, best, largest)
    loss = sweep.difference(lambda run: run.train_loss, largest, best)
    gap = sweep.difference(sweep.gap, largest, best)
    # The best is a picked extreme, so one standard error alone would be too easy; that the gap
    # between the two sets grows clearly as well is what noise does not do.
    if worse.errors > 1 and loss.errors <= 0 and gap.errors > CLEAR:
        evidence.append(
            f"Rank {largest} is {worse} behind rank {best} in held-out {name}, though its loss on"
            f" training examples is {loss} lower."
        )
        evidence.append(
            f"The gap between training and held-out {name} grows by {gap} from rank {best} to"
            f" {largest}."
        )
        strength = worse.errors
    head = sweep.difference(sweep.good, HEAD, best)
    fits = sweep.difference(sweep.good_train, HEAD, best)
    if head.errors > CLEAR and fits.errors < -1:
        evidence.append(
            f"Without an adapter, held-out {name} is {head} better than at the best rank, {best},"
            f" which does {fits} better on training examples."
        )
        strength = max(strength, head.errors)
    if not evidence:
        return None
    steps = round(statistics.median(run.steps for run in sweep.of(choice.rank)))
    smaller = [rank for rank in sweep.ranks if rank < largest] or [max(1, largest // 2)]
    try_next = (
        f"A smaller rank: {choice.rank if choice.rank in smaller else smaller[0]} or less.",
        f"Fewer steps: {max(1, steps // 2):,} in place of {steps:,}.",
        "More training data, if there is any.",
    )
    return strength, Diagnosis("overfitting", tuple(evidence), try_next)
