"""How far the first optimizer step moves a weight, and how alpha's rule makes that follow rank."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from lora_course.experiments import AlphaRule, resolve_alpha
from lora_course.layers import LoRALinear
from lora_course.training import threads


def first_update_size(
    rank: int, alpha: AlphaRule, *, width: int = 256, learning_rate: float = 1e-3, seed: int = 0
) -> float:
    """‖ΔW‖ (Frobenius) after one Adam step of a width×width layer at `rank`.

    The layer fits random targets on 64 random inputs; the base, data and the first rows of A are
    the same for every rank and rule. At B = 0 Adam moves each entry of B by the learning rate,
    whatever the gradient's size, so ‖ΔW‖ = scaling · lr · ‖sign(∇B) A‖.
    """
    generator = torch.Generator().manual_seed(seed)
    base = nn.Linear(width, width, bias=False)
    with torch.no_grad():
        base.weight.copy_(torch.randn(width, width, generator=generator) / width**0.5)
    inputs, targets = torch.randn(2, 64, width, generator=generator)
    layer = LoRALinear(base, rank, resolve_alpha(alpha, rank), seed=seed)
    parameters = [layer.lora_A, layer.lora_B]
    optimizer = torch.optim.AdamW(parameters, lr=learning_rate, weight_decay=0.0)
    with threads(1):
        ((layer(inputs) - targets) ** 2).mean().backward()
        optimizer.step()
        return layer.delta().norm().item()


def first_update_sizes(
    ranks: Iterable[int], rules: dict[str, AlphaRule]
) -> dict[str, dict[int, float]]:
    """`first_update_size` for each rule (by its label) and rank."""
    ranks = list(ranks)
    return {
        label: {rank: first_update_size(rank, rule) for rank in ranks}
        for label, rule in rules.items()
    }
