"""The four ways to start an adapter: each of A and B random or zero."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lora_course.layers import init_adapter, layer_seed, lora_layers
from lora_course.validation import one_of

QUIET, SWAPPED, LOUD, DEAD = "A random, B zero", "A zero, B random", "both random", "both zero"
STARTS = (QUIET, SWAPPED, LOUD, DEAD)
"""The starts by name; the first is LoRA's own."""


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
    generator = torch.Generator().manual_seed(seed + 1)
    bound = like.shape[1] ** -0.5
    return torch.empty(like.shape, dtype=like.dtype).uniform_(-bound, bound, generator=generator)
