"""The four ways to start an adapter, and what each costs: first gradients, and loss in the end."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lora_course.arguments import one_of
from lora_course.core.layers import (
    adapt,
    init_adapter,
    layer_seed,
    lora_layers,
    trainable_parameters,
)
from lora_course.core.training import fit_text
from lora_course.tasks.language import next_token_loss
from lora_course.tasks.style import LINEAR, StyleShift

QUIET, SWAPPED, LOUD, DEAD = "A random, B zero", "A zero, B random", "both random", "both zero"
STARTS = (QUIET, SWAPPED, LOUD, DEAD)
"""The starts by name; the first is LoRA's own."""

RANK, STEPS, LEARNING_RATE = 8, 30, 4e-3


def set_start(model: nn.Module, start: str, seed: int = 0) -> None:
    """Set A (r×d_in) and B (d_out×r) of every adapter to one of STARTS, in place.

    Random means as nn.Linear draws its weights: uniform, ±1/sqrt(d_in) in A, ±1/sqrt(r) in B.
    """
    one_of("start", start, STARTS)
    with torch.no_grad():
        for offset, layer in enumerate(lora_layers(model).values()):
            drawn = layer_seed(seed, offset)
            a, _ = init_adapter(layer.base, layer.rank, drawn)
            layer.lora_A.copy_(a if start in (QUIET, LOUD) else torch.zeros_like(a))
            b = random_b(layer.lora_B, drawn)
            layer.lora_B.copy_(b if start in (SWAPPED, LOUD) else torch.zeros_like(b))


def random_b(like: Tensor, seed: int) -> Tensor:
    """B of the shape and type of `like` (d_out×r), uniform in ±1/sqrt(r)."""
    # A stream of its own: of two neighbouring seeds, one is the next layer's A.
    generator = torch.Generator().manual_seed(random.Random(f"B {seed}").getrandbits(63))
    bound = like.shape[1] ** -0.5
    return torch.empty(like.shape, dtype=like.dtype).uniform_(-bound, bound, generator=generator)


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
    for step in range(steps):
        optimizer.zero_grad()
        next_token_loss(model, batch_at(step)).backward()
        for part, found in norms.items():
            grads = [getattr(layer, f"lora_{part}").grad for layer in lora_layers(model).values()]
            found.append(torch.stack([grad.norm() for grad in grads]).norm())
        optimizer.step()
    return {part: torch.stack(found) for part, found in norms.items()}
