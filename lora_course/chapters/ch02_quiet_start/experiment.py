"""The four ways to start an adapter, and what each costs: first gradients, and loss in the end."""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterable, Mapping, Sequence

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
from lora_course.core.rates import edge
from lora_course.core.training import fit_text
from lora_course.tasks.language import next_token_loss
from lora_course.tasks.style import LINEAR, StyleShift

QUIET, SWAPPED, LOUD, DEAD = "A random, B zero", "A zero, B random", "both random", "both zero"
STARTS = (QUIET, SWAPPED, LOUD, DEAD)
"""The starts by name; the first is LoRA's own."""

RANK, STEPS, LEARNING_RATE = 8, 20, 4e-3
SEEDS = (0, 1, 2)


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


def adapted(task: StyleShift, start: str, seed: int) -> nn.Module:
    """The base model with adapters in all linear layers, at `start`."""
    model = adapt(task.model(), RANK, targets=LINEAR, seed=seed)
    set_start(model, start, seed)
    return model


def start_loss(task: StyleShift, start: str, seed: int = 0) -> float:
    """Held-out loss (nats a token) before the first step."""
    return task.loss(adapted(task, start, seed))


def train_from(
    task: StyleShift, start: str, learning_rate: float, seeds: Iterable[int] = SEEDS
) -> list[float]:
    """Held-out loss (nats a token) after 20 steps of Adam from one of STARTS, one of each seed.

    Seeds are paired: run s sees the same batches from every start and at every rate.
    """
    losses = []
    for seed in seeds:
        model = adapted(task, start, seed)
        fit_text(model, task, seed=seed, steps=STEPS, learning_rate=learning_rate, progress=False)
        losses.append(task.loss(model))
    return losses


def best_rate(by_rate: Mapping[float, Sequence[float]]) -> float:
    """The learning rate with the lowest mean loss; `by_rate`: rate -> the loss of each seed.

    ValueError where it is the smallest or the largest rate: one beyond may be better still.
    """
    best = min(by_rate, key=lambda rate: statistics.fmean(by_rate[rate]))
    word = edge(best, by_rate)
    if word:
        raise ValueError(f"by_rate: {best:g} is best, the {word} rate tried; try rates beyond")
    return best


def lead(
    start: Mapping[float, Sequence[float]],
    other: Mapping[float, Sequence[float]],
    rate: float | None = None,
) -> float:
    """By how much `start` ends below `other` (nats a token), in the seed where that is least.

    Both: rate -> the loss of each seed. `rate`: that of both; without it each has its best one.
    """
    losses = start[best_rate(start) if rate is None else rate]
    others = other[best_rate(other) if rate is None else rate]
    return min(above - below for below, above in zip(losses, others, strict=True))


def changed_by_training(model: nn.Module, task: StyleShift, steps: int = 5) -> list[str]:
    """The names of the parameters that a few steps of training change, if only in a bit."""
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    fit_text(model, task, seed=0, steps=steps, learning_rate=LEARNING_RATE, progress=False)
    return [name for name, p in model.named_parameters() if not torch.equal(p, before[name])]


def gradient_norms(
    task: StyleShift, start: str, steps: int = 5, seed: int = 0
) -> dict[str, list[float]]:
    """‖∇A‖ and ‖∇B‖ over all adapters, before each of the first `steps` steps of Adam.

    Keys "A" and "B": one number a step.
    """
    model, batch_at = adapted(task, start, seed), task.batches(seed, steps)
    optimizer = torch.optim.Adam(trainable_parameters(model), lr=LEARNING_RATE)
    norms: dict[str, list[float]] = {"A": [], "B": []}
    for step in range(steps):
        optimizer.zero_grad()
        next_token_loss(model, batch_at(step)).backward()
        for part, found in norms.items():
            grads = [getattr(layer, f"lora_{part}").grad for layer in lora_layers(model).values()]
            found.append(torch.stack([grad.norm() for grad in grads]).norm().item())
        optimizer.step()
    return norms
