"""A comparison in this process, for a notebook: no files, no report."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from lora_course.compare.records import Rank, Run
from lora_course.compare.run import read, run
from lora_course.compare.settings import Settings
from lora_course.training import with_progress


def run_here(settings: Settings, progress: bool = True) -> list[Run]:
    """All runs of `settings`, one after the other: for each seed, every rank at every rate."""
    settings = settings.checked()
    _, _, digest = read(settings)
    jobs = with_progress(settings.jobs(), "runs", progress)
    return [run(settings, *job, digest) for job in jobs]


def print_runs(by_precision: Mapping[str, Sequence[Run]]) -> None:
    """Print a line a precision and rank: what lies in memory (MB), and the mean held-out loss."""
    print("base    rank   base weights   adapter, gradients, Adam   held-out loss")
    for precision, runs in by_precision.items():
        by_rank: dict[Rank, list[Run]] = {}
        for one in runs:
            by_rank.setdefault(one.rank, []).append(one)
        for rank, some in by_rank.items():
            memory = some[0].memory_mb
            loss = statistics.fmean(one.test_loss for one in some)
            print(
                f"{precision:<6} {rank:>5} {memory['weights']:>11.2f} MB"
                f" {memory['trained']:>23.2f} MB {loss:>10.2f} nats"
            )
