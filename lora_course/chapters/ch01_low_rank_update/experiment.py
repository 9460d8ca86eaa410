"""What the chapter measures: costs, PEFT beside the course's layer, full updates and their cuts."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lora_course.core.layers import freeze, lora_layers, target_linears
from lora_course.core.peft_twin import copy_adapters
from lora_course.core.spectrum import energy_shares, nearest
from lora_course.core.training import fit_text
from lora_course.memory.closed_form import estimate_model_memory
from lora_course.models.architectures import MODELS
from lora_course.tasks.style import LINEAR, StyleShift

# Each at its best of the rates 0.004, 0.008 … 0.064 (adapters, by rank) and 0.0005, 0.001,
# 0.002, 0.004 (full tuning), over four seeds at 45 steps. A long test asks their neighbours.
BEST_RATE = {1: 0.032, 4: 0.016, 16: 0.008}
FULL_RATE = 0.001


@dataclass(frozen=True)
class Costs:
    """GB for full tuning in fp32; for the frozen base in bf16 and for what an adapter adds to it;
    the adapter's share of the model's numbers."""

    full: float
    base: float
    adapter: float
    share: float


def costs(model: str, rank: int) -> Costs:
    """What Adam keeps for `model`: weights, gradients and two averages; no activations."""
    weights = MODELS[model].parameters()
    adapter = estimate_model_memory(model, rank=rank)["lora_params"]
    return Costs(16 * weights / 1e9, 2 * weights / 1e9, 16 * adapter / 1e9, adapter / weights)


def same_adapters(ours: nn.Module, theirs: nn.Module, seed: int = 0) -> None:
    """Draw B ≠ 0 in every layer of the course's model, and copy A and B into PEFT's."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in lora_layers(ours).values():
            layer.lora_B.normal_(std=0.02, generator=generator)
    copy_adapters(ours, theirs)


def gap(one: Tensor, other: Tensor) -> float:
    """The largest difference between two outputs."""
    return (one - other).abs().max().item()


@dataclass(frozen=True)
class FullTuning:
    """A finished training: ΔW of each linear layer by name, the held-out loss (nats a token)."""

    updates: dict[str, Tensor]
    loss: float


def tune_in_full(
    task: StyleShift, seed: int, steps: int, learning_rate: float = FULL_RATE
) -> FullTuning:
    """Train the weights of all linear layers of the base on `task`."""
    model = freeze(task.model())
    linears = target_linears(model, LINEAR)
    before = {name: linear.weight.detach().clone() for name, linear in linears.items()}
    for linear in linears.values():
        linear.weight.requires_grad_(True)
    fit_text(model, task, seed=seed, steps=steps, learning_rate=learning_rate)
    updates = {name: linear.weight.detach() - before[name] for name, linear in linears.items()}
    return FullTuning(updates, task.loss(model))


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


def losses_of_cuts(
    task: StyleShift, runs: Sequence[FullTuning], ranks: Sequence[int]
) -> dict[int, list[float]]:
    """Rank -> the loss of each run with its updates cut to that rank."""
    return {rank: [loss_with(task, run.updates, rank) for run in runs] for rank in ranks}


@dataclass(frozen=True)
class Shares:
    """Of the energy of many updates, what a few directions hold: the mean over layers and runs, and
    the largest less the smallest."""

    mean: float
    spread: float


def energy_in(runs: Sequence[FullTuning], directions: int) -> Shares:
    """The share of energy that the first `directions` of every layer's update hold."""
    updates = [update for run in runs for update in run.updates.values()]
    shares = [energy_shares(update)[directions - 1].item() for update in updates]
    return Shares(statistics.fmean(shares), max(shares) - min(shares))
