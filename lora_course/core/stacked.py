"""Many adapters trained at once: ranks × seeds as one batched computation.

The adapters of C runs are padded with zero rows to the largest rank and multiplied by `bmm`.
A padded row of A meets a zero column of B and the other way round, so its gradient is exactly
zero and it stays zero: each run computes what it would compute alone, up to rounding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lora_course.arguments import positive, rank_for
from lora_course.core.layers import (
    M,
    adapter_scaling,
    freeze,
    init_adapter,
    layer_seed,
    replace_module,
    target_linears,
)


@dataclass(frozen=True)
class AdapterConfig:
    """One run of a stack: its rank, alpha, seed and scaling rule."""

    rank: int
    alpha: float
    seed: int
    rslora: bool = False


class StackedLoRALinear(nn.Module):
    """C adapters on one frozen linear layer; run c sees x[c] (…, d_in) of x (C, …, d_in)."""

    def __init__(self, base: nn.Linear, configs: Sequence[AdapterConfig], offset: int = 0) -> None:
        super().__init__()
        if not configs:
            raise ValueError("configs=[]: is empty; a stack needs at least one run")
        d_out, d_in = base.weight.shape
        for config in configs:
            rank_for(config.rank, (d_out, d_in), "the layer")
            positive("alpha", config.alpha)
        self.base = base.requires_grad_(False)
        self.ranks = [config.rank for config in configs]
        widest = max(self.ranks)
        a = base.weight.new_zeros(len(configs), widest, d_in)
        b = base.weight.new_zeros(len(configs), d_out, widest)
        for index, config in enumerate(configs):
            rows, _ = init_adapter(base, config.rank, layer_seed(config.seed, offset))
            a[index, : config.rank] = rows
        self.lora_A = nn.Parameter(a)
        self.lora_B = nn.Parameter(b)
        self.scaling: Tensor
        scalings = [adapter_scaling(c.rank, c.alpha, c.rslora) for c in configs]
        scaling = torch.tensor(scalings, dtype=base.weight.dtype, device=base.weight.device)
        self.register_buffer("scaling", scaling.view(-1, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return, for each run c, x[c] Wᵀ + b + scaling[c] · x[c] A[c]ᵀ B[c]ᵀ."""
        rows = x.flatten(1, -2)
        z = torch.bmm(rows, self.lora_A.mT) * self.scaling
        base = F.linear(rows, self.base.weight, self.base.bias)
        return torch.baddbmm(base, z, self.lora_B.mT).view(*x.shape[:-1], -1)

    def adapter(self, run: int) -> tuple[Tensor, Tensor]:
        """A copy of run `run`'s (A, B), without the padding."""
        rank = self.ranks[run]
        return (
            self.lora_A[run, :rank].detach().clone(),
            self.lora_B[run, :, :rank].detach().clone(),
        )


def adapt_stacked(
    model: M, configs: Sequence[AdapterConfig], targets: Iterable[str] | None = None
) -> M:
    """Give each linear layer of `model` one adapter per config, in place; returns the model.

    The model then takes inputs with a leading dimension of len(configs), and must treat all but
    the last dimension of what its linear layers see as a batch.
    """
    linears = target_linears(model, targets)
    freeze(model)
    for offset, (name, linear) in enumerate(linears.items()):
        replace_module(model, name, StackedLoRALinear(linear, configs, offset))
    return model


def unstack(model: nn.Module, run: int) -> dict[str, Tensor]:
    """Run `run`'s adapter weights under the names that `layers.adapter_state` gives them."""
    state: dict[str, Tensor] = {}
    for name, module in model.named_modules():
        if isinstance(module, StackedLoRALinear):
            state[f"{name}.lora_A"], state[f"{name}.lora_B"] = module.adapter(run)
    return state
