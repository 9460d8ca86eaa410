"""The style shift from each start: its first gradients, and what the start costs in loss."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lora_course.layers import adapt, lora_layers, trainable_parameters
from lora_course.starts.start import set_start
from lora_course.tasks.language import next_token_loss
from lora_course.tasks.style import LINEAR, StyleShift
from lora_course.training import fit_text, threads

RANK, STEPS, LEARNING_RATE = 8, 30, 4e-3


@dataclass(frozen=True)
class FromStart:
    """One training: held-out loss before and after (nats a token), and the loss of each step."""

    before: float
    after: float
    losses: Tensor


def adapted(task: StyleShift, start: str, seed: int) -> nn.Module:
    """The base model with adapters in all linear layers, at `start`."""
    model = adapt(task.model(), RANK, targets=LINEAR, seed=seed)
    set_start(model, start, seed)
    return model


def train_from(
    task: StyleShift, start: str, learning_rate: float, seeds: Iterable[int] = (0, 1)
) -> list[FromStart]:
    """Train adapters of rank 8 on `task` from one of STARTS, for each seed 30 steps of Adam."""
    runs = []
    with threads(1):
        for seed in seeds:
            model = adapted(task, start, seed)
            before = task.loss(model)
            history = fit_text(model, task, seed=seed, steps=STEPS, learning_rate=learning_rate)
            runs.append(FromStart(before, task.loss(model), history.losses))
    return runs


def gradient_norms(
    task: StyleShift, start: str, steps: int = 5, seed: int = 0
) -> dict[str, Tensor]:
    """‖∇A‖ and ‖∇B‖ over all adapters, before each of the first `steps` steps of Adam.

    Keys "A" and "B": tensors (steps,).
    """
    model, batch_at = adapted(task, start, seed), task.batches(seed, steps)
    optimizer = torch.optim.Adam(trainable_parameters(model), lr=LEARNING_RATE)
    norms: dict[str, list[Tensor]] = {"A": [], "B": []}
    with threads(1):
        for step in range(steps):
            optimizer.zero_grad()
            next_token_loss(model, batch_at(step)).backward()
            for part, found in norms.items():
                grads = [
                    getattr(layer, f"lora_{part}").grad for layer in lora_layers(model).values()
                ]
                found.append(torch.stack([grad.norm() for grad in grads]).norm())
            optimizer.step()
    return {part: torch.stack(found) for part, found in norms.items()}
