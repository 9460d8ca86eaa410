"""The first step of training: how far it moves the weight, how far it lowers the loss, by rank."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch

from lora_course.experiments import AlphaRule, resolve_alpha
from lora_course.layers import init_adapter
from lora_course.planted import PlantedLayer

WIDTH = 256
LEARNING_RATE = 1e-6  # so small that the loss falls along its slope


@dataclass(frozen=True)
class FirstStep:
    """‖ΔW‖ (Frobenius) after one step, and by how much the loss has fallen."""

    size: float
    fall: float


def first_step(rank: int, alpha: AlphaRule, optimizer: str = "Adam", seed: int = 0) -> FirstStep:
    """One step of a 256×256 layer that learns a change of full rank, in fp64.

    Base, data and the first rows of A are the same for every rank and rule. At B = 0 Adam moves
    each entry of B by the learning rate, whatever its gradient G Aᵀ: so ‖ΔW‖ = s·lr·‖sign(G Aᵀ) A‖
    grows as s·√r, and the loss falls by s·lr·Σ|G Aᵀ|, as s·r. With SGD it falls as s²·r.
    """
    task = PlantedLayer(WIDTH, WIDTH, seed, torch.float64)
    layer = task.adapted(rank, resolve_alpha(alpha, rank))
    with torch.no_grad():
        layer.lora_A.copy_(init_adapter(layer.base, rank, seed)[0])
        before = task.loss(layer).item()
    task.train(layer, optimizer, LEARNING_RATE, steps=1)
    with torch.no_grad():
        fall = before - task.loss(layer).item()
        return FirstStep(layer.delta().norm().item(), fall)


def first_steps(
    rules: Mapping[str, AlphaRule], ranks: Iterable[int], optimizer: str = "Adam"
) -> dict[str, dict[int, FirstStep]]:
    """`first_step` by rule (its label) and rank."""
    ranks = list(ranks)
    return {
        label: {rank: first_step(rank, rule, optimizer) for rank in ranks}
        for label, rule in rules.items()
    }


def growth(steps: Mapping[int, FirstStep]) -> FirstStep:
    """How many times as large size and fall are at the last rank as at the first."""
    first, *_, last = steps.values()
    if not min(first.size, first.fall) > 0:
        return FirstStep(math.nan, math.nan)
    return FirstStep(last.size / first.size, last.fall / first.fall)
