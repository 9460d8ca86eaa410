"""What a comparison is asked to do, checked before any work is done."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from lora_course.arguments import one_of, positive, rank_list, whole
from lora_course.compare.data import DataSource
from lora_course.compare.data.texts import TASKS
from lora_course.compare.records import FULL, HEAD, METRICS, Job, Rank
from lora_course.core.sweep import resolve_alpha
from lora_course.core.training import SCHEDULES
from lora_course.memory.adapter import ALL_LINEAR
from lora_course.models import BASE_MODEL

QUANTIZE = ("none", "nf4")
# What may change between a run that was stopped and the one that continues it.
FREE_TO_CHANGE = ("ranks", "seeds", "ends", "learning_rates", "full_learning_rates")


@dataclass(frozen=True)
class Settings:
    """One comparison: `ranks` × `learning_rates` × `seeds` runs.

    With `ends` also the head alone and full tuning.

    `alpha_rule`: "rank", "2*rank", "sqrt(rank)" or a number. `targets`: names of modules, or
    ("all-linear",). `length`: tokens of a text that are read, or of a window of plain text.
    Each rank is trained at each of `learning_rates` and compared at its best one.
    `full_learning_rates` are for full tuning, which wants smaller ones than an adapter.
    """

    model: str = str(BASE_MODEL)
    task: str | None = "typos"
    source: DataSource = field(default_factory=DataSource)
    ranks: tuple[int, ...] = (4, 8, 16, 32)
    seeds: tuple[int, ...] = (0, 1, 2)
    ends: bool = False
    targets: tuple[str, ...] = (ALL_LINEAR,)
    alpha_rule: str | float = "rank"
    quantize: str = "none"
    metric: str | None = None
    steps: int | None = None
    epochs: float = 3.0
    batch_size: int = 16
    length: int = 64
    learning_rates: tuple[float, ...] = (3e-3,)
    full_learning_rates: tuple[float, ...] = (1e-3,)
    schedule: str = "linear"
    test_limit: int = 1000
    threads: int = 1

    def checked(self) -> Settings:
        """The same settings in standard form; ValueError for the first that cannot be meant."""
        if self.task is not None:
            one_of("task", self.task, TASKS)
        ranks = tuple(sorted(rank_list(self.ranks)))
        seeds = tuple(whole("seeds", seed, at_least=0) for seed in self.seeds)
        if not seeds or len(set(seeds)) < len(seeds):
            raise ValueError(f"seeds={list(seeds)}: give at least one seed, and each only once")
        for rank in ranks:
            resolve_alpha(self.alpha_rule, rank)
        if not self.targets:
            raise ValueError(f"targets=[]: name modules to adapt, or give {ALL_LINEAR!r}")
        one_of("quantize", self.quantize, QUANTIZE)
        if self.quantize != "none" and self.ends:
            raise ValueError(
                "ends: full tuning cannot train 4-bit weights; leave out --ends or --quantize"
            )
        if self.metric is not None:
            one_of("metric", self.metric, METRICS)
        one_of("schedule", self.schedule, SCHEDULES)
        if self.steps is not None:
            whole("steps", self.steps)
        positive("epochs", self.epochs)
        rates = _rates("learning_rates", self.learning_rates)
        full = _rates("full_learning_rates", self.full_learning_rates)
        for name in ("batch_size", "test_limit", "threads"):
            whole(name, getattr(self, name))
        whole("length", self.length, at_least=8)
        return replace(
            self, ranks=ranks, seeds=seeds, learning_rates=rates, full_learning_rates=full
        )

    def steps_for(self, examples: int) -> int:
        """Training steps of each run over `examples` training examples."""
        if self.steps is not None:
            return self.steps
        return max(1, math.ceil(self.epochs * examples / self.batch_size))

    def all_ranks(self) -> tuple[Rank, ...]:
        """The ranks in the order to show them, the ends included when they are asked for."""
        return (HEAD, *self.ranks, FULL) if self.ends else self.ranks

    def rates_of(self, rank: Rank) -> tuple[float, ...]:
        """The learning rates at which a rank or end is trained."""
        return self.full_learning_rates if rank == FULL else self.learning_rates

    def jobs(self) -> list[Job]:
        """Every run. Seeds outside, so that early stops leave whole seeds."""
        return [
            (rank, rate, seed)
            for seed in self.seeds
            for rank in self.all_ranks()
            for rate in self.rates_of(rank)
        ]

    def for_data(self) -> Settings:
        """What the data and their tensors depend on; all else at its default."""
        return Settings(
            model=self.model,
            task=self.task,
            source=self.source,
            length=self.length,
            metric=self.metric,
            test_limit=self.test_limit,
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for files."""
        return asdict(self)

    def fingerprint(self) -> str:
        """A hash of all that changes what a run of one rank and seed computes."""
        kept: Mapping[str, Any] = {
            key: value for key, value in self.as_dict().items() if key not in FREE_TO_CHANGE
        }
        return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def _rates(name: str, values: tuple[float, ...]) -> tuple[float, ...]:
    """Learning rates in ascending order; ValueError for none, or for one that is given twice."""
    rates = tuple(sorted(positive(name, value) for value in values))
    if not rates or len(set(rates)) < len(rates):
        raise ValueError(f"{name}={list(rates)}: give at least one, and each only once")
    return rates
