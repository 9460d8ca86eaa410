"""What a comparison comes to in words, the same on the page, in the files and on a terminal."""

from __future__ import annotations

from lora_course.compare.diagnoses import MEANINGS, diagnose
from lora_course.compare.paired import choose, finite, paired_seeds
from lora_course.compare.rates import notes_on_rates
from lora_course.compare.records import Comparison
from lora_course.compare.rows import RankRow, in_order

UNKNOWN = "—"


def answer(comparison: Comparison) -> str:
    """What to do, in one sentence."""
    choice, diagnoses = choose(comparison), diagnose(comparison)
    if not comparison.finished:
        return "Cannot tell yet; nothing is finished."
    if not comparison.runs:
        return "Cannot tell yet; no seed has been run at every learning rate."
    if choice is None:
        return "Cannot tell yet; no seed has been run at every rank."
    if choice.decided:
        reason = choice.reasons[0]
        return f"Choose rank {choice.rank}: {reason[0].lower()}{reason[1:]}"
    return f"Cannot tell yet; for now take rank {choice.rank}: {MEANINGS[diagnoses[0].name]}."


def all_notes(comparison: Comparison) -> list[str]:
    """The comparison's notes, and which runs were left out of means and pairs."""
    notes = [*comparison.notes, *notes_on_rates(comparison)]
    for run in in_order(comparison.everything):
        if not finite(run):
            notes.append(
                f"Rank {run.rank}, seed {run.seed} diverged at the learning rate"
                f" {run.learning_rate:g} and counts for nothing."
            )
    paired = paired_seeds(comparison.runs)
    alone = {run.seed for run in comparison.everything if isinstance(run.rank, int)} - set(paired)
    if alone and paired:
        seeds = ", ".join(map(str, sorted(alone)))
        notes.append(f"Left out of means and choice, as not every rank has finished: seed {seeds}.")
    return list(dict.fromkeys(notes))  # one read back from a file holds them already


def rate_of(row: RankRow) -> str:
    """The learning rate of a row; nothing where nothing was trained."""
    return f"{row.learning_rate:g}" if row.trainable_params else UNKNOWN


def mark(row: RankRow, comparison: Comparison) -> tuple[str, str]:
    """The word and the CSS class of a row."""
    choice = choose(comparison)
    if not isinstance(row.rank, int):
        return "for comparison", "end"
    if choice is None or row.rank != choice.rank:
        return "", ""
    return "chosen" if choice.decided else "for now", "chosen"


def capital(text: str) -> str:
    """The text with its first letter as a capital, the others as they are."""
    return text[:1].upper() + text[1:]
