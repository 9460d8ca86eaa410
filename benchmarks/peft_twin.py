"""A model with PEFT's adapters that start where ours do."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from peft import LoraConfig, get_peft_model
from torch import Tensor, nn

from lora_course.layers import target_linears


def peft_twin(
    model: nn.Module, rank: int, alpha: float, state: Mapping[str, Tensor] | None = None
) -> nn.Module:
    """Wrap every linear layer of `model` by PEFT, in place; `state` as of `adapter_state`."""
    config = LoraConfig(
        r=rank,
        lora_alpha=alpha,  # type: ignore[arg-type]  # PEFT says int, and divides it by the rank
        lora_dropout=0.0,
        bias="none",
        target_modules=list(target_linears(model, None)),
    )
    wrapped: nn.Module = get_peft_model(model, config)
    with torch.no_grad():
        for name, weight in (state or {}).items():
            path = f"base_model.model.{name}.default.weight"
            wrapped.get_parameter(path).copy_(weight)
    return wrapped
