"""The layers of a model that PEFT has given an adapter."""

from __future__ import annotations

from typing import Any

from torch import nn


def adapted_layers(model: nn.Module) -> list[Any]:
    """Its LoRA layers, of whatever kind: linear, embeddings, convolutions, experts' tensors."""
    from peft.tuners.lora import LoraLayer

    return [module for module in model.modules() if isinstance(module, LoraLayer)]
