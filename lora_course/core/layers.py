"""The tiny LoRA layer: wrap a model's linear layers, train only the adapters, merge them back."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TypeVar

import torch
from torch import Tensor, nn

from lora_course.arguments import positive, rank_for

M = TypeVar("M", bound=nn.Module)


def init_adapter(base: nn.Linear, rank: int, seed: int) -> tuple[Tensor, Tensor]:
    """A fresh adapter (A, B) for `base`: A (r×d_in) uniform in ±1/sqrt(d_in), B (d_out×r) zero.

    B = 0 makes the adapted layer start exactly where the base is. A is drawn row by row from
    `seed`, so the first rows of a higher rank are those of a lower one (PEFT's distribution:
    Kaiming uniform with a = sqrt(5)).
    """
    d_out, d_in = base.weight.shape
    generator = torch.Generator().manual_seed(seed)
    bound = 1 / math.sqrt(d_in)
    a = torch.empty(rank, d_in, dtype=base.weight.dtype).uniform_(
        -bound, bound, generator=generator
    )
    return a, torch.zeros(d_out, rank, dtype=base.weight.dtype)


def adapter_scaling(rank: int, alpha: float, rslora: bool = False) -> float:
    """The factor before BA: alpha / rank, or alpha / sqrt(rank) with rsLoRA (arXiv 2312.03732)."""
    return alpha / (math.sqrt(rank) if rslora else rank)


class LoRALinear(nn.Module):
    """A frozen linear layer plus a trainable low-rank update.

    y = x Wᵀ + b + scaling · x Aᵀ Bᵀ, with W (d_out×d_in) frozen, A (r×d_in) and B (d_out×r)
    trained, x (…, d_in) and y (…, d_out). `alpha` defaults to `rank` (scaling 1).
    ValueError for a rank outside 1 … min(d_out, d_in). Source: LoRA, arXiv 2106.09685.
    """

    def __init__(
        self,
        base: nn.Linear,
        rank: int,
        alpha: float | None = None,
        *,
        seed: int = 0,
        rslora: bool = False,
    ) -> None:
        super().__init__()
        if type(base) is not nn.Linear:  # a subclass may compute something else, as 4-bit ones do
            raise ValueError(f"base={type(base).__name__}: must be a plain torch.nn.Linear")
        self.rank = rank_for(rank, (base.out_features, base.in_features), "the layer")
        self.alpha = positive("alpha", self.rank if alpha is None else alpha)
        self.rslora = rslora
        self.base = base.requires_grad_(False)
        a, b = init_adapter(base, self.rank, seed)
        self.lora_A = nn.Parameter(a.to(base.weight.device))
        self.lora_B = nn.Parameter(b.to(base.weight.device))

    @property
    def scaling(self) -> float:
        """The factor before BA."""
        return adapter_scaling(self.rank, self.alpha, self.rslora)

    def forward(self, x: Tensor) -> Tensor:
        """Return x Wᵀ + b + scaling · x Aᵀ Bᵀ."""
        return self.base(x) + self.scaling * (x @ self.lora_A.T @ self.lora_B.T)

    def delta(self) -> Tensor:
        """The weight change ΔW = scaling · B A, of W's shape."""
        return self.scaling * (self.lora_B @ self.lora_A)

    def merged(self) -> nn.Linear:
        """A plain linear layer that computes the same: weight W + ΔW. The base stays as it is."""
        linear = nn.Linear(
            self.base.in_features,
            self.base.out_features,
            bias=self.base.bias is not None,
            device=self.base.weight.device,
            dtype=self.base.weight.dtype,
        )
        with torch.no_grad():
            linear.weight.copy_(self.base.weight + self.delta())
            if self.base.bias is not None:
                linear.bias.copy_(self.base.bias)
        return linear

    def extra_repr(self) -> str:
        """What `print(model)` shows of this layer."""
        return f"rank={self.rank}, alpha={self.alpha:g}, scaling={self.scaling:g}"


def replace_module(model: nn.Module, name: str, new: nn.Module) -> None:
    """Put `new` where the module called `name` stands in `model`."""
    parent, _, child = name.rpartition(".")
    setattr(model.get_submodule(parent), child, new)


def target_linears(model: nn.Module, targets: Iterable[str] | None) -> dict[str, nn.Linear]:
    """The linear layers of `model` whose name is, or ends with a dot and, one of `targets`.

    `targets=None` means all of them. ValueError where that leaves none, or a target is unmatched.
    """
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("model: has adapters already; merge(model) first, or use a fresh model")
    linears = {n: m for n, m in model.named_modules() if n and type(m) is nn.Linear}
    if not linears:
        raise ValueError(
            f"model={type(model).__name__}: contains no torch.nn.Linear to adapt; a bare"
            " nn.Linear has no parent to hold its adapter: wrap it, as LoRALinear(linear, rank)"
        )
    if targets is None:
        return linears
    if isinstance(targets, str):
        raise ValueError(f"targets={targets!r}: must be a list of names, such as [{targets!r}]")
    chosen: set[str] = set()
    for target in targets:
        hits = {n for n in linears if n == target or n.endswith("." + target)}
        if not hits:
            known = sorted({n.rpartition(".")[2] for n in linears})
            raise ValueError(f"targets: {target!r} matches no linear layer; known are {known}")
        chosen |= hits
    if not chosen:
        raise ValueError("targets=[]: is empty; name at least one linear layer, or pass None")
    return {name: linear for name, linear in linears.items() if name in chosen}


def adapt(
    model: M,
    rank: int,
    alpha: float | None = None,
    *,
    targets: Iterable[str] | None = None,
    seed: int = 0,
    rslora: bool = False,
) -> M:
    """Freeze `model` and give its linear layers adapters, in place; returns the model.

    `targets`: names of layers (whole, or their last part, as in PEFT); None means every
    nn.Linear. `alpha` defaults to `rank`. Each layer draws its A from a seed of its own, which
    `layer_seed` makes of `seed` and its place.
    """
    linears = target_linears(model, targets)
    for name, linear in linears.items():
        rank_for(rank, (linear.out_features, linear.in_features), name)
    freeze(model)
    for offset, (name, linear) in enumerate(linears.items()):
        layer = LoRALinear(linear, rank, alpha, seed=layer_seed(seed, offset), rslora=rslora)
        replace_module(model, name, layer)
    return model


def layer_seed(seed: int, offset: int) -> int:
    """The seed of the adapter in a model's `offset`-th adapted layer: no two runs share one."""
    return seed * 100_003 + offset


def lora_layers(model: nn.Module) -> dict[str, LoRALinear]:
    """The adapted layers of `model`, by name."""
    return {n: m for n, m in model.named_modules() if isinstance(m, LoRALinear)}


def merge(model: M) -> M:
    """Fold every adapter into its weight, in place: plain linear layers, the same outputs."""
    layers = lora_layers(model)
    if not layers:
        raise ValueError(
            f"model={type(model).__name__}: has no adapters to merge; adapt() it first"
        )
    for name, layer in layers.items():
        replace_module(model, name, layer.merged())
    return model


def freeze(model: M) -> M:
    """Stop every parameter of `model` from training, in place; returns the model."""
    return model.requires_grad_(False)


def trainable_parameters(model: nn.Module) -> list[nn.Parameter]:
    """The parameters that training would change."""
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def count_trainable(model: nn.Module) -> int:
    """How many numbers training would change."""
    return sum(parameter.numel() for parameter in trainable_parameters(model))


def adapter_state(model: nn.Module) -> dict[str, Tensor]:
    """A copy of all adapter weights: "<layer>.lora_A" (r×d_in) and "<layer>.lora_B" (d_out×r)."""
    return {
        f"{name}.{part}": getattr(layer, part).detach().clone(memory_format=torch.contiguous_format)
        for name, layer in lora_layers(model).items()
        for part in ("lora_A", "lora_B")
    }


def load_adapter(model: nn.Module, state: dict[str, Tensor]) -> None:
    """Copy `state` into an adapted model; ValueError when a name or a shape does not fit."""
    parameters = {n: p for n, p in model.named_parameters() if n.endswith(("lora_A", "lora_B"))}
    if parameters.keys() != state.keys():
        odd = sorted(parameters.keys() ^ state.keys())
        raise ValueError(f"state: does not fit the model's adapters; in only one of them: {odd}")
    for name, parameter in parameters.items():
        if state[name].shape != parameter.shape:
            raise ValueError(
                f"state[{name!r}]: has shape {tuple(state[name].shape)},"
                f" the model's adapter {tuple(parameter.shape)}"
            )
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(state[name])
