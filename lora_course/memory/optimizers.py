"""Bytes of optimizer state, from the state that the library's own optimizer makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from lora_course.core.layers import trainable_parameters


def _adamw(model: nn.Module) -> Any:
    # The fused step, which Trainer takes by default too, makes no temporary copies.
    fused = all(parameter.device.type != "meta" for parameter in trainable_parameters(model))
    return torch.optim.AdamW(trainable_parameters(model), lr=1e-4, fused=fused)


def _adamw_8bit(model: nn.Module) -> Any:
    import bitsandbytes

    return bitsandbytes.optim.adamw.AdamW8bit(trainable_parameters(model), lr=1e-4)


def _adamw_32bit(model: nn.Module) -> Any:
    import bitsandbytes

    return bitsandbytes.optim.adamw.AdamW32bit(trainable_parameters(model), lr=1e-4)


def _adafactor(model: nn.Module) -> Any:
    from transformers.optimization import Adafactor

    return Adafactor(
        trainable_parameters(model), lr=1e-4, scale_parameter=False, relative_step=False
    )


def _lora_plus(model: Any) -> Any:
    from peft.optimizers import create_loraplus_optimizer

    return create_loraplus_optimizer(model, torch.optim.AdamW, lr=1e-4, loraplus_lr_ratio=16)


_MAKERS: dict[str, Callable[[nn.Module], Any]] = {
    "adamw": _adamw,
    "adamw-8bit": _adamw_8bit,
    "paged-adamw": _adamw_32bit,
    "paged-adamw-8bit": _adamw_8bit,
    "sgd": lambda model: torch.optim.SGD(trainable_parameters(model), lr=1e-4),
    "sgd-momentum": lambda model: torch.optim.SGD(
        trainable_parameters(model), lr=1e-4, momentum=0.9
    ),
    "adafactor": _adafactor,
    "lora-plus": _lora_plus,
}
"""Name -> the optimizer, as the library makes it, for a model's trainable parameters.

torch's AdamW and SGD, bitsandbytes' AdamW in 8 and 32 bits, transformers' Adafactor with a learning
rate of one's own, PEFT's LoRA+ over AdamW. A paged optimizer's state has the same size.
"""
PAGED = ("paged-adamw", "paged-adamw-8bit")  # the state leaves the GPU where memory is short
WITHOUT_FAKES = ("adamw-8bit", *PAGED)  # kernels of their own, which work in place


def optimizer_for(name: str, model: nn.Module) -> Any:
    """The optimizer of that name, one of setting.OPTIMIZERS."""
    return _MAKERS[name](model)


def state_tensors(optimizer: Any) -> list[Tensor]:
    """Every tensor of an optimizer's state."""
    return [
        value
        for state in optimizer.state.values()
        for value in state.values()
        if isinstance(value, Tensor)
    ]


def storage_bytes(tensors: Iterable[Tensor]) -> int:
    """Bytes of the storages behind `tensors`, each counted once."""
    storages = {t.untyped_storage()._cdata: t.untyped_storage().nbytes() for t in tensors}
    return sum(storages.values())


def state_bytes(name: str, model: nn.Module) -> int:
    """Bytes of that optimizer's state for what trains in `model`, on the meta device."""
    return storage_bytes(state_tensors(primed(name, model)))


def primed(name: str, model: nn.Module) -> Any:
    """The optimizer with the state that its first step makes; no parameter is changed.

    On fake or meta tensors: nothing is computed.
    """
    optimizer = optimizer_for(name, model)
    if name in WITHOUT_FAKES:
        optimizer.check_overrides()
        for g, group in enumerate(optimizer.param_groups):
            for p, parameter in enumerate(group["params"]):
                optimizer.init_state(group, parameter, g, p)
        return optimizer
    for parameter in trainable_parameters(model):
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return optimizer
