"""Training: one loop for one run or a stack of runs, schedules, a history, accuracy."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lora_course.arguments import one_of, positive, whole
from lora_course.core.layers import trainable_parameters
from lora_course.display.progress_bar import track
from lora_course.tasks import Examples
from lora_course.tasks.language import next_token_loss

if TYPE_CHECKING:
    from lora_course.display.plots import Picture
    from lora_course.tasks.style import StyleShift

SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda done: 1.0,
    "linear": lambda done: 1 - done,
    "cosine": lambda done: (1 + math.cos(math.pi * done)) / 2,
    "one-cycle": lambda done: done / 0.3 if done < 0.3 else (1 - done) / 0.7,
}
"""Learning-rate factor as a function of the share of training done, from 0 to 1."""
EVALUATION_BATCH = 4096


class TrainingDivergedError(ArithmeticError):
    """The loss became NaN or infinite."""


@dataclass
class History:
    """What one training did: loss and learning rate at each step, and seconds of wall time.

    `losses` is (steps,) for one run, (steps, C) for a stack of C runs.
    """

    losses: Tensor
    learning_rates: list[float] = field(repr=False)
    seconds: float

    def plot(self) -> Picture:
        """The loss curve as a picture with alt text."""
        from lora_course.display.plots import loss_curve

        return loss_curve(self.losses)


Loss = Callable[[nn.Module, Examples], Tensor]
"""Model and batch -> the mean loss: a scalar for one run, (C,) for a stack of C runs."""


def binary_loss(model: nn.Module, batch: Examples) -> Tensor:
    """Mean binary cross-entropy of `model(*inputs)`, taken as logits (…, batch), per run."""
    logits = model(*batch.inputs)
    losses = F.binary_cross_entropy_with_logits(logits, batch.labels, reduction="none")
    return losses.mean(-1)


def require_two_classes(labels: Tensor, name: str = "labels") -> None:
    """ValueError unless `labels` holds both a 0 and a 1 and nothing else."""
    classes = labels.unique().tolist()
    if not set(classes) <= {0, 1}:
        raise ValueError(f"{name}: hold {classes[:5]}; a binary task's labels are 0 and 1")
    if len(classes) < 2:
        raise ValueError(
            f"{name}: all {labels.numel():,} are of class {int(classes[0]) if classes else '?'};"
            " there is nothing to tell apart: give examples of both 0 and 1"
        )


@torch.no_grad()
def evaluate(model: nn.Module, examples: Examples) -> float:
    """Accuracy, 0 to 1: the share of examples whose logit has the sign of their label."""
    require_two_classes(examples.labels)
    correct = 0
    for part in examples.split(EVALUATION_BATCH):
        correct += int(((model(*part.inputs) > 0) == (part.labels > 0.5)).sum())
    return correct / len(examples)


def batch_order(size: int, batch_size: int, steps: int, seed: int) -> Tensor:
    """Which examples each step sees, (steps, batch): whole shuffled passes, cut into batches."""
    batch_size = min(whole("batch_size", batch_size), size)
    generator = torch.Generator().manual_seed(seed)
    passes = math.ceil(steps * batch_size / size)
    order = torch.cat([torch.randperm(size, generator=generator) for _ in range(passes)])
    return order[: steps * batch_size].view(steps, batch_size)


def fit(
    model: nn.Module,
    examples: Examples,
    *,
    steps: int = 600,
    batch_size: int = 64,
    learning_rate: float = 1e-2,
    schedule: str = "linear",
    seed: int = 0,
    loss: Loss = binary_loss,
    progress: bool = True,
) -> History:
    """Train the trainable parameters of `model` in place with AdamW (no weight decay).

    `seed` fixes the order of the examples; `schedule` is one of SCHEDULES. Interrupting keeps
    what was learnt so far. TrainingDivergedError when the loss is no longer finite.
    """
    if loss is binary_loss:
        require_two_classes(examples.labels)
    order = batch_order(len(examples), batch_size, whole("steps", steps), seed)
    return fit_batches(
        model,
        lambda step: examples.take(order[step]),
        steps=steps,
        learning_rate=learning_rate,
        schedule=schedule,
        loss=loss,
        progress=progress,
    )


def fit_batches(
    model: nn.Module,
    batch_at: Callable[[int], Examples],
    *,
    steps: int,
    learning_rate: float,
    schedule: str = "linear",
    weight_decay: float = 0.0,
    loss: Loss = binary_loss,
    progress: bool = True,
) -> History:
    """The loop behind `fit`: as there, with `batch_at(step)` giving each step's batch.

    A stack's loss has one entry a run; they are summed, and since no parameter is shared, each
    run gets the gradient it would get alone.
    """
    parameters = trainable_parameters(model)
    if not parameters:
        raise ValueError("model: nothing in it is trainable; adapt(model, rank) first")
    factor = SCHEDULES[one_of("schedule", schedule, SCHEDULES)]
    peak = positive("learning_rate", learning_rate)
    optimizer = torch.optim.AdamW(parameters, lr=peak, weight_decay=weight_decay, fused=True)
    # One tensor from the start: a small one kept from each step would sit between the large
    # blocks that a step frees, and the heap would grow by the size of a step each time.
    losses = torch.zeros(0)
    rates: list[float] = []
    model.train()
    start = time.perf_counter()
    # The bar appears only once a run has taken a second; short ones would make it flicker.
    for step in track(range(steps), "training", progress, delay=1):
        rates.append(peak * factor(step / steps))
        optimizer.param_groups[0]["lr"] = rates[-1]
        value = loss(model, batch_at(step))
        if step == 0:
            losses = value.new_zeros(steps, *value.shape)
        losses[step] = value.detach()
        if not torch.isfinite(losses[step]).all():
            raise TrainingDivergedError(
                f"the loss is {_first_bad(losses[step])} at step {step} of {steps} with"
                f" learning_rate={learning_rate:g}; lower the learning rate, or look for NaN or"
                " huge values in the inputs"
            )
        value.sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    return History(losses, rates, time.perf_counter() - start)


def fit_text(
    model: nn.Module,
    task: StyleShift,
    *,
    seed: int,
    steps: int,
    learning_rate: float,
    progress: bool = True,
) -> History:
    """`fit` for next-token prediction on `task`, in the order of run `seed`."""
    return fit_batches(
        model,
        task.batches(seed, steps),
        steps=steps,
        learning_rate=learning_rate,
        loss=next_token_loss,
        progress=progress,
    )


def _first_bad(losses: Tensor) -> float:
    """The first entry that is not finite."""
    return losses.flatten()[~losses.flatten().isfinite()][0].item()
