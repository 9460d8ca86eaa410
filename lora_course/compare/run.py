"""One run: a rank, a rate and a seed, trained and tested, a pure function that can run anywhere.

And all runs of some settings in this process, for a notebook: no files, no report.
"""

from __future__ import annotations

import math
import time
from functools import lru_cache

import torch
from torch import Tensor, nn

from lora_course.compare import data as files
from lora_course.compare.data.texts import TASKS
from lora_course.compare.memory import predicted_mb, step_memory
from lora_course.compare.model import check_ranks, load_base, load_tokenizer, make_ready
from lora_course.compare.prepared import Prepared, Score, loss_of, prepare, score
from lora_course.compare.records import Job, Rank, Run, TextData
from lora_course.compare.settings import Settings
from lora_course.core.layers import count_trainable
from lora_course.core.sweep import resolve_alpha
from lora_course.core.training import TrainingDivergedError, batch_order, fit_batches
from lora_course.display.progress_bar import track
from lora_course.threads import threads

POINTS = 40


def read(settings: Settings) -> tuple[TextData, Prepared, str]:
    """The data of a comparison, its tensors and its hash; read once in a process."""
    return _read(settings.for_data())


@lru_cache(maxsize=2)
def _read(settings: Settings) -> tuple[TextData, Prepared, str]:
    data = TASKS[settings.task]() if settings.task else files.load(settings.source)
    tokenizer = load_tokenizer(settings.model)
    return data, prepare(data, tokenizer, settings), files.digest(data)


def check_model(settings: Settings) -> None:
    """What can be wrong with the model or its ranks, found before hours are spent."""
    data, prepared, _ = read(settings)
    check_ranks(settings, load_base(settings, data, prepared.pad))


def run(settings: Settings, rank: Rank, rate: float, seed: int, digest: str) -> Run:
    """Train and test one rank at one learning rate with one seed.

    Seeds are paired: run s starts from the same head and sees the same examples in the same
    order at every rank and rate. ValueError when the data here have another hash than `digest`.
    """
    data, prepared, here = read(settings)
    if here != digest:
        raise ValueError(
            "this worker reads other data than the one that started the comparison: give every"
            " machine the same files, and the same Python version for the built-in tasks"
        )
    with threads(settings.threads):
        torch.manual_seed(seed)
        base = load_base(settings, data, prepared.pad)
        model = make_ready(base, settings, rank, data)
        return _train(model, settings, prepared, (rank, rate, seed))


def _train(model: nn.Module, settings: Settings, prepared: Prepared, job: Job) -> Run:
    rank, rate, seed = job
    examples, loss = prepared.train, loss_of(prepared)
    steps = settings.steps_for(len(examples)) if count_trainable(model) else 0
    memory: dict[str, float] = {}
    losses, diverged = torch.zeros(0), False
    cpu, wall = time.process_time(), time.perf_counter()
    if steps:
        order = batch_order(len(examples), settings.batch_size, steps, seed)
        memory = step_memory(model, examples.take(order[0]), loss)
        cpu, wall = time.process_time(), time.perf_counter()
        try:
            losses = fit_batches(
                model,
                lambda step: examples.take(order[step]),
                steps=steps,
                learning_rate=rate,
                schedule=settings.schedule,
                loss=loss,
                progress=False,
            ).losses
        except TrainingDivergedError:  # a result as well: at this rate, this rank cannot be trained
            diverged = True
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    test = train = Score(math.nan, math.nan)
    if not diverged:
        test = score(model, prepared.test, prepared)
        train = score(model, prepared.train_probe, prepared)
    if isinstance(rank, int) and settings.quantize == "none" and not prepared.classification:
        total = predicted_mb(
            model.config, rank, settings.targets, settings.batch_size, settings.length
        )
        memory |= {} if total is None else {"predicted_total": total}
    return Run(
        rank=rank,
        seed=seed,
        learning_rate=rate,
        alpha=resolve_alpha(settings.alpha_rule, rank) if isinstance(rank, int) else 0.0,
        trainable_params=count_trainable(model) if steps else 0,
        score=test.metric,
        train_score=train.metric,
        test_loss=test.loss,
        train_loss=train.loss,
        curve=curve(losses),
        steps=steps,
        examples_seen=steps * min(settings.batch_size, len(examples)) / len(examples),
        cpu_seconds=cpu,
        wall_seconds=wall,
        memory_mb=memory,
    )


def curve(losses: Tensor) -> tuple[float, ...]:
    """Means of the training losses over at most POINTS equal stretches."""
    if not len(losses):
        return ()
    size = -(-len(losses) // POINTS)
    return tuple(part.mean().item() for part in losses.double().split(size))


def run_in_process(settings: Settings, progress: bool = True) -> list[Run]:
    """All runs of `settings`, one after the other: for each seed, every rank at every rate."""
    settings = settings.checked()
    _, _, digest = read(settings)
    jobs = track(settings.jobs(), "runs", progress)
    return [run(settings, *job, digest) for job in jobs]
