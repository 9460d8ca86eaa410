"""The diagnoses that the runs of a comparison bear out."""

from __future__ import annotations

from lora_course.compare.diagnoses.diagnosis import Diagnosis, Sweep
from lora_course.compare.diagnoses.fit import overfitting, underfitting
from lora_course.compare.diagnoses.luck import noise, settled, unexplained
from lora_course.compare.diagnoses.pace import under_training
from lora_course.compare.paired import choose, finite
from lora_course.compare.records import Comparison


def diagnose(comparison: Comparison) -> tuple[Diagnosis, ...]:
    """The diagnoses that the runs bear out, likeliest first; none where no rank has finished.

    Each rule answers with a strength: 1 for a diagnosis that just holds, up to CAP. `settled` is
    told where no other diagnosis reaches 1 and the choice is decided.
    """
    choice = choose(comparison)
    if choice is None:
        ranks = sorted({run.rank for run in comparison.runs if isinstance(run.rank, int)})
        if not ranks:
            return ()
        said = f"No seed has been run at every rank of {', '.join(map(str, ranks))} yet."
        return (Diagnosis("noise", (said,), ("Let it finish the runs that are missing.",)),)
    runs = tuple(run for run in comparison.runs if finite(run))
    schedule = str(comparison.facts.get("schedule", "decaying"))
    sweep = Sweep(runs, comparison.metric, schedule, choice, comparison.rates)
    told = [rule(sweep) for rule in (under_training, underfitting, overfitting, noise)]
    found = [entry for entry in told if entry is not None]
    if not any(strength >= 1 for strength, _ in found):
        found.append((1.0, settled(sweep) if choice.decided else unexplained(sweep)))
    found.sort(key=lambda entry: -entry[0])
    return tuple(diagnosis for _, diagnosis in found)
