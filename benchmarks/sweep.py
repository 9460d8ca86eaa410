"""Chapter 4's sweep: stacked, one run after the other, and written with PEFT."""

from __future__ import annotations

import math
import statistics
from functools import partial

from benchmarks.clock import median_ratio, rounds
from benchmarks.rows import Row, at_least
from lora_course.core.layers import adapt, count_trainable
from lora_course.core.peft_twin import peft_twin
from lora_course.core.results import RankExperiment
from lora_course.core.sweep import rank_sweep
from lora_course.core.training import evaluate, fit
from lora_course.tasks.matching import MatchingTask, comparison_task
from lora_course.threads import threads

RANKS, SEEDS, STEPS, BATCH = (4, 8, 16, 32), (0, 1, 2, 3, 4), 600, 64
LEARNING_RATE, SCHEDULE = 1e-2, "linear"
REPEATS = 3


def ours(task: MatchingTask, mode: str, steps: int = STEPS) -> list[RankExperiment]:
    """The sweep as the course does it."""
    return rank_sweep(
        task,
        RANKS,
        SEEDS,
        alpha="rank",
        mode=mode,
        steps=steps,
        batch_size=BATCH,
        learning_rate=LEARNING_RATE,
        schedule=SCHEDULE,
        progress=False,
    )


def peft(task: MatchingTask, steps: int = STEPS) -> list[RankExperiment]:
    """The same runs with PEFT, one after the other; each seed's data are drawn only once."""
    runs = []
    test = task.test()
    for seed in SEEDS:
        train = task.train(seed)
        for rank in RANKS:
            start = adapt(task.model(), rank, rank, seed=seed)
            model = peft_twin(start, task.model())
            history = fit(
                model,
                train,
                steps=steps,
                batch_size=BATCH,
                learning_rate=LEARNING_RATE,
                schedule=SCHEDULE,
                seed=seed,
                progress=False,
            )
            accuracy, size = evaluate(model, test), count_trainable(model)
            runs.append(RankExperiment(rank, rank, size, accuracy, history.seconds, seed))
    return runs


def measure() -> list[Row]:
    """CPU time of the three, and how far their accuracies lie apart."""
    task = comparison_task(64)
    results: dict[str, list[RankExperiment]] = {}

    def run(name: str, steps: int = STEPS) -> None:
        results[name] = peft(task, steps) if name == "peft" else ours(task, name, steps)

    names = ("stacked", "sequential", "peft")
    with threads(1):
        for name in names:  # warm-up: first use of the task, the optimizer, PEFT
            run(name, steps=3)
        seconds = rounds({name: partial(run, name) for name in names}, REPEATS)
    size = f"{len(RANKS)} ranks × {len(SEEDS)} seeds"
    labels = {"stacked": "stacked", "sequential": "one after the other", "peft": "with PEFT"}
    return [
        Row(
            "sweep.ratio",
            f"chapter 4's sweep, {size} × {STEPS} steps, PEFT ÷ stacked",
            median_ratio(seconds["peft"], seconds["stacked"]),
            "×",
            at_least(5),
        ),
        *(
            Row(f"sweep.{name}", f"the sweep, {label}", statistics.median(seconds[name]), "s")
            for name, label in labels.items()
        ),
        Row(
            "sweep.accuracy",
            "mean accuracy of a rank over its seeds: largest difference between the three",
            spread(results),
            "",
        ),
    ]


def spread(results: dict[str, list[RankExperiment]]) -> float:
    """The largest difference, over ranks, between two ways' mean accuracies."""
    worst = -math.inf
    for rank in RANKS:
        means = [
            statistics.fmean(run.accuracy for run in runs if run.rank == rank)
            for runs in results.values()
        ]
        worst = max(worst, max(means) - min(means))
    return worst
