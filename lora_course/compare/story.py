"""What a comparison says beyond its choice: noise, too little rank, too much, too little training.

Differences are paired over seeds, as in `selection`. One standard error is the rule for choosing.
A claim that something is wrong needs CLEAR, two of them, where it compares picked extremes: with
three seeds of nothing but luck, a difference passes one standard error in two cases out of five.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lora_course.compare.records import FULL, HEAD, Comparison, Metric, Rank, Run
from lora_course.results import standard_error
from lora_course.selection import RankChoice, choose_from, share_by_luck

CLEAR = 2.0  # standard errors
CAP = 5.0  # beyond this many standard errors, more of them make no story likelier
LUCKY = 0.1  # a share_by_luck above this is taken for luck
SMALL_LOSS = 0.005  # nats; half a per cent of a token's probability
# Share of the whole fall of the training loss that is in the last quarter of training. While a
# loss approaches its floor exponentially, 15% at a constant learning rate means that a sixth of
# the way is still to go. A rate that decays to 0 flattens any end: there 5% means as much.
STEEP = {"constant": 0.15, "decaying": 0.05}

MEANINGS = {
    "noise": "luck alone may explain the differences between the ranks",
    "underfitting": "a larger rank, or more adapted modules, may do better still",
    "overfitting": "the larger ranks learn the training examples rather than the task",
    "under-training": "training ended before the ranks could show what they can do",
    "settled": "the rank is large enough, and nothing looks wrong",
}


@dataclass(frozen=True)
class Story:
    """One reading of the runs: a key of MEANINGS, what speaks for it, and what to try next."""

    name: str
    evidence: tuple[str, ...]
    try_next: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """Mean of paired differences and its standard error (NaN for fewer than two pairs)."""

    mean: float
    error: float

    @classmethod
    def of(cls, first: Sequence[float], second: Sequence[float]) -> Difference:
        """Of first − second, pair by pair; NaN where there are no pairs."""
        gaps = [a - b for a, b in zip(first, second, strict=True)]
        return cls(statistics.fmean(gaps) if gaps else math.nan, standard_error(gaps))

    @property
    def errors(self) -> float:
        """The mean in standard errors, within ±CAP; 0 where there is no standard error."""
        if math.isnan(self.error) or self.mean == 0:
            return 0.0
        return max(-CAP, min(CAP, self.mean / self.error if self.error else self.mean * math.inf))

    def __str__(self) -> str:
        return f"{abs(self.mean):.4f} ± {self.error:.4f}"


def finite(run: Run) -> bool:
    """Whether all scores and losses of the run are finite; a diverged run's are not."""
    return all(map(math.isfinite, (run.score, run.train_score, run.test_loss, run.train_loss)))


def paired_scores(runs: Sequence[Run], value: Callable[[Run], float]) -> dict[int, list[float]]:
    """rank -> values, in ascending order of the seeds that every rank has; never the ends.

    A run whose value is not finite counts as not there. ValueError for two runs of one rank and
    seed.
    """
    table: dict[int, dict[int, float]] = {}
    for run in runs:
        if isinstance(run.rank, int) and math.isfinite(value(run)):
            row = table.setdefault(run.rank, {})
            if run.seed in row:
                raise ValueError(f"runs: rank {run.rank} has two runs of seed {run.seed}")
            row[run.seed] = value(run)
    seeds = set.intersection(*map(set, table.values())) if table else set()
    return {rank: [row[seed] for seed in sorted(seeds)] for rank, row in sorted(table.items())}


def paired_seeds(runs: Sequence[Run]) -> tuple[int, ...]:
    """The seeds that every rank has finished, ascending."""
    table = paired_scores([run for run in runs if finite(run)], lambda run: run.seed)
    return tuple(int(seed) for seed in next(iter(table.values()), []))


@dataclass(frozen=True)
class _Sweep:
    """The runs, paired, with scores turned so that higher is better."""

    runs: tuple[Run, ...]
    metric: Metric
    schedule: str
    choice: RankChoice

    @property
    def seeds(self) -> tuple[int, ...]:
        return paired_seeds(self.runs)

    @property
    def ranks(self) -> list[int]:
        return [comparison.rank for comparison in self.choice.comparisons]

    def good(self, run: Run) -> float:
        return run.score if self.metric.higher_is_better else -run.score

    def good_train(self, run: Run) -> float:
        return run.train_score if self.metric.higher_is_better else -run.train_score

    def gap(self, run: Run) -> float:
        """How much better the run does on training examples than on held-out ones."""
        return self.good_train(run) - self.good(run)

    def of(self, rank: Rank) -> list[Run]:
        """The rank's runs of paired seeds; of an end, those it has."""
        return [r for r in self.runs if r.rank == rank and r.seed in self.seeds]

    def difference(self, value: Callable[[Run], float], first: Rank, second: Rank) -> Difference:
        """Value of `first` − value of `second` over the paired seeds that both have."""
        a, b = ({run.seed: value(run) for run in self.of(rank)} for rank in (first, second))
        both = sorted(a.keys() & b.keys())
        return Difference.of([a[seed] for seed in both], [b[seed] for seed in both])


def choose(comparison: Comparison) -> RankChoice | None:
    """`selection.choose_from` on the paired seeds; None where no seed was run at every rank."""
    runs, metric = [run for run in comparison.runs if finite(run)], comparison.metric
    table = paired_scores(runs, lambda run: run.score)
    if not any(table.values()):
        return None
    return choose_from(table, metric=metric.name, higher_is_better=metric.higher_is_better)


def diagnose(comparison: Comparison) -> tuple[Story, ...]:
    """The stories that the runs bear out, likeliest first; none where no rank has finished.

    Each rule answers with a strength: 1 for a story that just holds, up to CAP. `settled` is told
    where no other story reaches 1 and the choice is decided.
    """
    choice = choose(comparison)
    if choice is None:
        ranks = sorted({run.rank for run in comparison.runs if isinstance(run.rank, int)})
        if not ranks:
            return ()
        said = f"No seed has been run at every rank of {', '.join(map(str, ranks))} yet."
        return (Story("noise", (said,), ("Let it finish the runs that are missing.",)),)
    runs = tuple(run for run in comparison.runs if finite(run))
    schedule = str(comparison.facts.get("schedule", "decaying"))
    sweep = _Sweep(runs, comparison.metric, schedule, choice)
    told = [rule(sweep) for rule in (_under_training, _underfitting, _overfitting, _noise)]
    found = [entry for entry in told if entry is not None]
    if not any(strength >= 1 for strength, _ in found):
        found.append((1.0, _settled(sweep) if choice.decided else _unexplained(sweep)))
    found.sort(key=lambda entry: -entry[0])
    return tuple(story for _, story in found)


_Told = tuple[float, Story] | None


def _noise(sweep: _Sweep) -> _Told:
    """Fewer than two seeds, one rank, or differences that luck alone would often make as large.

    Every rank within one standard error of the best is one way to be so; with several ranks luck
    seldom leaves all of them there, hence the test of all at once.
    """
    choice, seeds = sweep.choice, len(sweep.seeds)
    if seeds < 2:
        said = f"Only seed {sweep.seeds[0]} has been run at every rank: luck cannot be told apart."
        return 2 * CAP, Story("noise", (said,), ("Run at least three seeds.",))
    others = [c for c in choice.comparisons if c.rank != choice.best_rank]
    if not others:
        return 1.0, Story("noise", choice.reasons, ("Run at least three ranks.",))
    alike = all(c.close_enough for c in others)
    luck = share_by_luck(paired_scores(sweep.runs, sweep.good))
    if not alike and luck <= LUCKY:
        return None
    far = max(others, key=lambda c: c.difference)
    evidence = [
        f"Over {seeds} paired seeds rank {far.rank} is furthest from the best, rank"
        f" {choice.best_rank}: {Difference(far.difference, far.standard_error)} behind in"
        f" {sweep.metric.name}.{' No rank is more than one standard error behind.' * alike}",
        f"Ranks that differ by luck alone would differ by as much in {luck:.0%} of such"
        " comparisons.",
    ]
    more = max(5, 2 * seeds)
    try_next = [
        f"Add seeds ({more} in place of {seeds}), or test on more held-out examples.",
        f"If it stays so, take rank {min(sweep.ranks)}: the smallest is as good as any; and try"
        " smaller ones.",
    ]
    strength = 2.0 if alike else 1 + luck
    return strength, Story("noise", (*evidence, *_gap_words(sweep)), tuple(try_next))


def _underfitting(sweep: _Sweep) -> _Told:
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
    return (strength, Story("underfitting", tuple(evidence), tuple(try_next))) if evidence else None


def _overfitting(sweep: _Sweep) -> _Told:
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
    return strength, Story("overfitting", tuple(evidence), try_next)


def _under_training(sweep: _Sweep) -> _Told:
    """Less than one pass, a loss still falling at the end, or more rank that fits worse."""
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
    if falling and fall is not None and not _memorising(runs):
        evidence.append(
            f"At rank {sweep.choice.rank}, {fall[0]:.0%} of the whole fall of the training loss"
            f" came in the last quarter of the steps; above {steep:.0%} it is still on its way."
        )
        strength = max(strength, min(CAP, 2 * fall[0] / steep))
    if evidence:
        try_next.append(f"More steps: {2 * steps:,} in place of {steps:,}.")
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
    return strength, Story("under-training", tuple(evidence), tuple(try_next))


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


def _fits_worse(sweep: _Sweep) -> tuple[Difference, int, int, float]:
    """Loss on training examples of the largest rank − the lowest of any rank, and both ranks.

    And the share by luck among these and the ranks between them: the lowest is picked.
    """
    largest = sweep.ranks[-1]
    losses = {rank: statistics.fmean(r.train_loss for r in sweep.of(rank)) for rank in sweep.ranks}
    lowest = min(losses, key=lambda rank: (losses[rank], rank))
    table = paired_scores(sweep.runs, lambda run: run.train_loss)
    luck = share_by_luck({rank: row for rank, row in table.items() if rank >= lowest})
    return sweep.difference(lambda run: run.train_loss, largest, lowest), lowest, largest, luck


def _rate_advice(sweep: _Sweep, lowest: int, largest: int) -> str:
    """Which way to turn the learning rate, from how alpha follows the rank."""
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


def _gap_words(sweep: _Sweep) -> list[str]:
    """What the gap between training and held-out examples is, where it is clear."""
    zeros = [0.0 for _ in sweep.seeds]
    gap = Difference.of([sweep.gap(run) for run in sweep.of(sweep.choice.rank)], zeros)
    if gap.errors <= CLEAR:
        return []
    return [
        f"At rank {sweep.choice.rank}, {sweep.metric.name} is {gap} better on training examples"
        " than held out; more data could close this gap, rank does not."
    ]


def _settled(sweep: _Sweep) -> Story:
    """The choice stands."""
    choice = sweep.choice
    evidence = [*choice.reasons, *_gap_words(sweep)]
    try_next = [f"Use rank {choice.rank}."]
    if choice.rank == sweep.ranks[0]:
        try_next.append("It is the smallest tried: a smaller one might do as well.")
    return Story("settled", tuple(evidence), tuple(try_next))


def _unexplained(sweep: _Sweep) -> Story:
    """The largest rank won, but not by fitting better: more seeds before a larger rank."""
    train = sweep.difference(sweep.good_train, sweep.ranks[-1], sweep.ranks[-2])
    evidence = (
        *sweep.choice.reasons,
        f"On training examples, though, rank {sweep.ranks[-1]} is not clearly better than rank"
        f" {sweep.ranks[-2]}: a difference of {train}. The gain may be luck.",
    )
    more = max(5, 2 * len(sweep.seeds))
    try_next = (
        f"Add seeds: {more} in place of {len(sweep.seeds)}.",
        f"Then, if rank {sweep.ranks[-1]} is still ahead, try rank {2 * sweep.ranks[-1]}.",
    )
    return Story("noise", evidence, try_next)
