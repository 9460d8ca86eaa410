"""One short style shift, full or by an adapter, and the update that it leaves in every layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lora_course.core.layers import adapt, count_trainable, freeze, lora_layers, target_linears
from lora_course.core.spectrum import nearest
from lora_course.core.training import fit_text
from lora_course.tasks.style import LINEAR, StyleShift

STEPS = 45
# The best of 5e-4, 1e-3 and 2e-3; of 4e-3, 8e-3 and 1.6e-2 at 60 steps, best for rank 8 or near.
FULL_RATE, ADAPTER_RATE = 1e-3, 8e-3


@dataclass(frozen=True)
class FineTuned:
    """A finished training: the update ΔW of each linear layer, the held-out loss (nats a token).

    `rank` is None for full tuning; `trained` counts the numbers that were trained.
    """

    rank: int | None
    seed: int
    updates: dict[str, Tensor]
    trained: int
    loss: float


def fine_tune(
    task: StyleShift, rank: int | None = None, seed: int = 0, steps: int = STEPS
) -> FineTuned:
    """Train all linear layers of the base on `task`: in full, or by adapters of `rank`."""
    model = task.model()
    before = weights(model)
    if rank is None:
        freeze(model)
        for name in before:
            model.get_submodule(name).requires_grad_(True)
    else:
        adapt(model, rank, targets=LINEAR, seed=seed)
    trained = count_trainable(model)
    rate = FULL_RATE if rank is None else ADAPTER_RATE
    fit_text(model, task, seed=seed, steps=steps, learning_rate=rate)
    loss = task.loss(model)
    with torch.no_grad():
        if rank is None:
            updates = {name: w - before[name] for name, w in weights(model).items()}
        else:
            updates = {name: layer.delta() for name, layer in lora_layers(model).items()}
    return FineTuned(rank, seed, updates, trained, loss)


def weights(model: nn.Module) -> dict[str, Tensor]:
    """A copy of the weight of each linear layer that is trained, by the layer's name."""
    linears = target_linears(model, LINEAR)
    return {name: linear.weight.detach().clone() for name, linear in linears.items()}


def loss_with(task: StyleShift, updates: Mapping[str, Tensor], rank: int | None = None) -> float:
    """Held-out loss (nats a token) of the base model with `updates` added to its weights.

    With a `rank`, each is cut to the nearest matrix of that rank before.
    """
    model = task.model()
    if rank is not None:
        updates = truncate(updates, rank)
    with torch.no_grad():
        for name, update in updates.items():
            model.get_parameter(f"{name}.weight").add_(update)
        return task.loss(model)


def truncate(updates: Mapping[str, Tensor], rank: int) -> dict[str, Tensor]:
    """Every update replaced by the nearest one of rank `rank`."""
    return {name: nearest(update, rank) for name, update in updates.items()}
