"""The stories that the runs of a comparison bear out."""

from __future__ import annotations

from lora_course.compare.paired import choose, finite
from lora_course.compare.records import Comparison
from lora_course.compare.stories.fit import overfitting, underfitting
from lora_course.compare.stories.luck import noise, settled, unexplained
from lora_course.compare.stories.pace import under_training
from lora_course.compare.stories.story import Story, Sweep


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
    sweep = Sweep(runs, comparison.metric, schedule, choice, comparison.rates)
    told = [rule(sweep) for rule in (under_training, underfitting, overfitting, noise)]
    found = [entry for entry in told if entry is not None]
    if not any(strength >= 1 for strength, _ in found):
        found.append((1.0, settled(sweep) if choice.decided else unexplained(sweep)))
    found.sort(key=lambda entry: -entry[0])
    return tuple(story for _, story in found)
