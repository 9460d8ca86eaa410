"""What a comparison is made of: its settings, its data, and one record for each finished run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lora_course.arguments import check_fields

Rank = int | str
"""A rank, or one of the two ends: HEAD trains no adapter (for language modelling: nothing at all),
FULL trains every weight of the model."""

HEAD, FULL = "head", "full"

Job = tuple[Rank, float, int]
"""Rank, learning rate and seed of one run."""


@dataclass(frozen=True)
class Metric:
    """How a run is scored on the held-out part."""

    name: str
    higher_is_better: bool
    unit: str = ""


METRICS: dict[str, Metric] = {
    "accuracy": Metric("accuracy", True),
    "f1": Metric("f1", True),
    "loss": Metric("loss", False, "nats"),
    "bits-per-byte": Metric("bits-per-byte", False, "bits"),
}
"""accuracy, f1 (macro) and loss for classification; loss (a token) and bits-per-byte for text."""


@dataclass(frozen=True)
class TextData:
    """Texts to train and to test on. Without labels the task is language modelling."""

    name: str
    train: Sequence[str]
    test: Sequence[str]
    train_labels: Sequence[int] | None = None
    test_labels: Sequence[int] | None = None
    label_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What was changed or left out while reading, in words for the report."""

    @property
    def classification(self) -> bool:
        """Whether there are labels."""
        return self.train_labels is not None


@dataclass(frozen=True)
class Run:
    """One finished training of a rank at a learning rate with a seed: its cost, what it reached."""

    rank: Rank
    seed: int
    learning_rate: float
    alpha: float
    trainable_params: int
    score: float
    """The metric on the held-out part."""
    train_score: float
    """The metric on a sample of the training examples, after training."""
    test_loss: float
    train_loss: float
    """Mean loss in nats on the same two sets, after training."""
    curve: tuple[float, ...]
    """Training loss: means over up to 40 equal stretches of the run."""
    steps: int
    examples_seen: float
    """Passes over the training data."""
    cpu_seconds: float
    wall_seconds: float
    memory_mb: dict[str, float] = field(default_factory=dict)
    """measured: weights, trained (adapter, gradients, optimizer), activations, total; and
    predicted_total where the estimator knows the architecture."""

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Run:
        """The run of which a file holds the fields; ValueError where they are not a run's."""
        try:
            run = cls(**{**fields, "curve": tuple(fields["curve"])})
            check_fields(run)
            numbers = [*run.curve, *run.memory_mb.values()]
            if type(run.rank) not in (int, str) or {*map(type, numbers)} - {int, float}:
                raise TypeError("rank, curve or memory_mb hold something else")
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"fields={fields!r:.100}: are no run's ({error!r})") from error
        return run

    @property
    def job(self) -> Job:
        """What tells it from the other runs of its comparison."""
        return self.rank, self.learning_rate, self.seed


@dataclass(frozen=True)
class Comparison:
    """Everything that a report needs."""

    title: str
    metric: Metric
    runs: tuple[Run, ...]
    """One a rank and seed: where several learning rates were tried, at the rank's best one."""
    facts: dict[str, Any]
    """Settings, data hash, versions, machine: plain values, in the order to show them."""
    notes: tuple[str, ...] = ()
    wanted: int = 0
    """How many runs were asked for; fewer are there when it was stopped or ran out of time."""
    others: tuple[Run, ...] = ()
    """The runs at the other learning rates, and those of seeds that lack a rate."""
    rates: tuple[float, ...] = ()
    full_rates: tuple[float, ...] = ()
    """The learning rates that were asked for, of adapters and heads and of full tuning."""

    @property
    def everything(self) -> tuple[Run, ...]:
        """All runs that are there."""
        return (*self.runs, *self.others)

    @property
    def finished(self) -> int:
        """How many runs are there."""
        return len(self.runs) + len(self.others)
