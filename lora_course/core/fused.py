"""The LoRA layer written for speed: the numbers of `LoRALinear`, in fewer calls.

A small layer spends more time on calls than on arithmetic. What the layer computes is easier to
read in `lora_course.core.layers`, and nothing in the course needs this one.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from lora_course.core.layers import LoRALinear, M, lora_layers, replace_module


class FusedLoRALinear(LoRALinear):
    """A `LoRALinear` whose adapter is multiplied, scaled and added by one call.

    Hooks on its base do not run, and it does not work under `torch.autocast`.
    """

    def __init__(self, layer: LoRALinear) -> None:
        super().__init__(layer.base, layer.rank, layer.alpha, rslora=layer.rslora)
        self.lora_A = layer.lora_A
        # B lies in memory as r×d_out, which makes the product that gives its gradient faster.
        b = layer.lora_B.detach().T.contiguous().T
        self.lora_B = nn.Parameter(b, requires_grad=layer.lora_B.requires_grad)

    def forward(self, x: Tensor) -> Tensor:
        """Return x Wᵀ + b + scaling · x Aᵀ Bᵀ."""
        rows = x if x.dim() == 2 else x.reshape(-1, x.shape[-1])
        # The module's own dicts are read: looking up a module's attribute takes a call each.
        modules: dict[str, Any] = self._modules
        trained: dict[str, Any] = self._parameters
        frozen = modules["base"]._parameters
        y = F.linear(rows, frozen["weight"], frozen["bias"])
        y.addmm_(F.linear(rows, trained["lora_A"]), trained["lora_B"].t(), alpha=self.scaling)
        return y if x.dim() == 2 else y.view(*x.shape[:-1], -1)


def fuse(model: M) -> M:
    """Make every adapter of `model` a fused one, in place; returns the model.

    The layers keep their weights, but each B becomes a new parameter: fuse before you make the
    optimizer. ValueError where there are no adapters.
    """
    layers = lora_layers(model)
    if not layers:
        raise ValueError(f"model={type(model).__name__}: has no adapters to fuse; adapt() it first")
    for name, layer in layers.items():
        replace_module(model, name, FusedLoRALinear(layer))
    return model
