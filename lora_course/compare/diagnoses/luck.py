"""Whether luck explains the differences between the ranks, or the choice stands."""

from __future__ import annotations

from lora_course.compare.diagnoses.diagnosis import CLEAR, LUCKY, Diagnosis, Sweep, Verdict
from lora_course.compare.paired import CAP, Difference, paired_scores
from lora_course.core.selection import p_value_of_ranks


def noise(sweep: Sweep) -> Verdict:
    """Fewer than two seeds, one rank, or differences that luck alone would often make as large.

    Every rank within one standard error of the best is one way to be so; with several ranks luck
    seldom leaves all of them there, hence the test of all at once.
    """
    choice, seeds = sweep.choice, len(sweep.seeds)
    if seeds < 2:
        said = f"Only seed {sweep.seeds[0]} has been run at every rank: luck cannot be told apart."
        return 2 * CAP, Diagnosis("noise", (said,), ("Run at least three seeds.",))
    others = [c for c in choice.comparisons if c.rank != choice.best_rank]
    if not others:
        return 1.0, Diagnosis("noise", choice.reasons, ("Run at least three ranks.",))
    alike = all(c.close_enough for c in others)
    luck = p_value_of_ranks(paired_scores(sweep.runs, sweep.good))
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
    return strength, Diagnosis("noise", (*evidence, *_gap_words(sweep)), tuple(try_next))


def settled(sweep: Sweep) -> Diagnosis:
    """The choice stands."""
    choice = sweep.choice
    evidence = [*choice.reasons, *_gap_words(sweep)]
    try_next = [f"Use rank {choice.rank}."]
    if choice.rank == sweep.ranks[0]:
        try_next.append("It is the smallest tried: a smaller one might do as well.")
    return Diagnosis("settled", tuple(evidence), tuple(try_next))


def unexplained(sweep: Sweep) -> Diagnosis:
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
    return Diagnosis("noise", evidence, try_next)


def _gap_words(sweep: Sweep) -> list[str]:
    """What the gap between training and held-out examples is, where it is clear."""
    zeros = [0.0 for _ in sweep.seeds]
    gap = Difference.of([sweep.gap(run) for run in sweep.of(sweep.choice.rank)], zeros)
    if gap.errors <= CLEAR:
        return []
    return [
        f"At rank {sweep.choice.rank}, {sweep.metric.name} is {gap} better on training examples"
        " than held out; more data could close this gap, rank does not."
    ]
