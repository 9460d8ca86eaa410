"""A comparison in this process, for a notebook: no files, no report."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

from lora_course.compare.records import Rank, Run
from lora_course.compare.run import read, run
from lora_course.compare.settings import Settings
from lora_course.display.progress_bar import with_progress


def run_here(settings: Settings, progress: bool = True) -> list[Run]:
    """All runs of `settings`, one after the other: for each seed, every rank at every rate."""
    settings = settings.checked()
    _, _, digest = read(settings)
    jobs = with_progress(settings.jobs(), "runs", progress)
    return [run(settings, *job, digest) for job in jobs]


def print_runs(by_precision: Mapping[str, Sequence[Run]]) -> None:
    """Print a line a precision, rank and rate: memory (MB) and the mean held-out loss."""
    print("base    rank   base weights   adapter, gradients, Adam   held-out loss")
    for precision, runs in by_precision.items():
        groups: dict[tuple[Rank, float], list[Run]] = {}
        for one in runs:
            groups.setdefault((one.rank, one.learning_rate), []).append(one)
        for (rank, _), some in groups.items():
            memory = some[0].memory_mb
            loss = statistics.fmean(one.test_loss for one in some)
            print(
                f"{precision:<6} {rank:>5} {memory.get('weights', math.nan):>11.2f} MB"
                f" {memory.get('trained', 0.0):>23.2f} MB {loss:>10.2f} nats"
            )
