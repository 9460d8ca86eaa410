"""Too little training."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from lora_course.compare.diagnoses.diagnosis import CLEAR, LUCKY, Diagnosis, Sweep, Verdict
from lora_course.compare.paired import CAP, Difference, paired_scores
from lora_course.compare.records import Run
from lora_course.core.selection import p_value_of_ranks

SMALL_LOSS = 0.005  # nats; half a per cent of a token's probability
# Share of the whole fall of the training loss that is in the last quarter of training. While a
# loss approaches its floor exponentially, 15% at a constant learning rate means that a sixth of
# the way is still to go. A rate that decays to 0 flattens any end: there 5% means as much.
STEEP = {"constant": 0.15, "decaying": 0.05}
LITTLE = (
    0.1  # a new head starts from nothing; a loss that fell by less than this share still is there
)


def under_training(sweep: Sweep) -> Verdict:
    """Less than one pass, hardly any fall, one that goes on, or more rank that fits worse."""
    evidence, try_next, strength = [], [], 0.0
    runs = sweep.of(sweep.choice.rank)
    passes = statistics.median(run.examples_seen for run in runs)
    steps = round(statistics.median(run.steps for run in runs))
    fall = _late_fall(runs)
    steep = STEEP["constant" if sweep.schedule == "constant" else "decaying"]
    falling = fall is not None and fall[0] > steep and fall[1] > CLEAR
    if passes < 1:
        evidence.append(f"Training saw {passes:.0%} of the data, less than one pass.")
        # Text that is never repeated can be enough; then the curve is flat, and this is weak.
        strength = 0.5 if fall is not None and fall[1] <= CLEAR else 1.5
    learnt = _share_learnt(runs)
    if sweep.metric.higher_is_better and learnt < LITTLE:
        evidence.append(
            f"At rank {sweep.choice.rank}, the loss on training examples ended {learnt:.0%} below"
            " where it began: hardly anything was learnt, so the ranks had little to differ in."
        )
        strength = 2.0
    if falling and fall is not None and not _memorising(runs):
        evidence.append(
            f"At rank {sweep.choice.rank}, {fall[0]:.0%} of the whole fall of the training loss"
            f" came in the last quarter of the steps; above {steep:.0%} it is still on its way."
        )
        strength = max(strength, min(CAP, 2 * fall[0] / steep))
    if evidence:
        try_next.append(f"More steps: {2 * steps:,} in place of {steps:,}.")
        if len(sweep.rates) < 2 or runs[0].learning_rate == sweep.rates[-1]:
            try_next.append("Or a higher learning rate, twice what it was.")
    worse, lowest, largest, luck = _fits_worse(sweep)
    if worse.errors > CLEAR and worse.mean > SMALL_LOSS and luck <= LUCKY:
        evidence.append(
            f"After training, the loss on training examples is {worse} nats higher at rank"
            f" {largest} than at rank {lowest}: more capacity that fits worse is a matter of"
            " optimisation, not of rank."
        )
        strength = max(strength, worse.errors * 0.75)
        try_next.append(_rate_advice(sweep, lowest, largest))
        if len(try_next) == 1:
            try_next.append(f"Or more steps: {2 * steps:,} in place of {steps:,}.")
    if not evidence:
        return None
    return strength, Diagnosis("under-training", tuple(evidence), tuple(try_next))


def _share_learnt(runs: Sequence[Run]) -> float:
    """By what share of its start the loss on training examples fell, 0 where it did not; 1: all."""
    start = statistics.fmean(run.curve[0] if run.curve else math.nan for run in runs)
    end = statistics.fmean(run.train_loss for run in runs)
    return max(0.0, 1 - end / start) if start > 0 else 1.0


def _late_fall(runs: Sequence[Run]) -> tuple[float, float] | None:
    """Fall of the training loss from the third to the last quarter: share of all, and in errors.

    The standard error is that of the stretches within the quarters. None for curves too short or
    that never fell.
    """
    falls, totals, variance = [], [], 0.0
    for curve in (run.curve for run in runs):
        quarter = len(curve) // 4
        if quarter < 2 or not all(map(math.isfinite, curve)):
            return None
        before, last = curve[-2 * quarter : -quarter], curve[-quarter:]
        falls.append(statistics.fmean(before) - statistics.fmean(last))
        totals.append(curve[0] - statistics.fmean(last))
        variance += (statistics.variance(before) + statistics.variance(last)) / quarter
    total = statistics.fmean(totals)
    if total <= 0:
        return None
    fall = Difference(statistics.fmean(falls), math.sqrt(variance) / len(runs))
    return fall.mean / total, fall.errors


def _memorising(runs: Sequence[Run]) -> bool:
    """Whether a good part of the loss's fall is not seen on held-out examples.

    A training loss that still falls then says that examples are learnt by heart.
    """
    gap = statistics.fmean(run.test_loss - run.train_loss for run in runs)
    fall = statistics.fmean(run.curve[0] - run.train_loss for run in runs)
    return gap > 0.25 * fall


def _fits_worse(sweep: Sweep) -> tuple[Difference, int, int, float]:
    """Loss on training examples of the largest rank − the lowest of any rank, and both ranks.

    And the share by luck among these and the ranks between them: the lowest is picked.
    """
    largest = sweep.ranks[-1]
    losses = {rank: statistics.fmean(r.train_loss for r in sweep.of(rank)) for rank in sweep.ranks}
    lowest = min(losses, key=lambda rank: (losses[rank], rank))
    table = paired_scores(sweep.runs, lambda run: run.train_loss)
    luck = p_value_of_ranks({rank: row for rank, row in table.items() if rank >= lowest})
    return sweep.difference(lambda run: run.train_loss, largest, lowest), lowest, largest, luck


def _rate_advice(sweep: Sweep, lowest: int, largest: int) -> str:
    """Which way to turn the learning rate, from how alpha follows the rank."""
    if len(sweep.rates) > 1:
        return f"Learning rates closer together: rank {largest} has its best of those tried."
    scale = {rank: sweep.of(rank)[0].alpha / rank for rank in (lowest, largest)}
    if scale[largest] < scale[lowest]:
        return (
            "A higher learning rate at the larger ranks, or alpha in proportion to the rank:"
            " alpha/r falls with the rank here, and so does the size of a step."
        )
    return (
        f"A learning rate of its own for rank {largest}: half and twice the present one; a step"
        " grows with the rank when alpha/r stays the same."
    )
