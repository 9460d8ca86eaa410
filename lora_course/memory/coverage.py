"""What of a base model gets no adapter: its parameters by kind, as a share of all.

Linear layers by their name, such as up_proj; other: norms, biases, convolutions and the like.
"""

from __future__ import annotations

import re
from typing import Any

from torch import nn

from lora_course.memory.adapted import adapted_layers

EXPERTS, EMBEDDINGS, HEAD, OTHER = "experts", "embeddings", "output head", "other"
_OF_EXPERTS = re.compile(r"(^|\.)experts(\.|$)")


def without_adapter(adapted: Any) -> dict[str, float]:
    """Kind -> the share of the base's parameters that no adapter changes and that do not train.

    A matrix that is shared, such as embeddings and a head tied to them, counts once.
    """
    base = adapted.get_base_model()
    reached = _reached(base)
    heads = {id(module) for module in (_output(base),) if module is not None}
    shares: dict[str, int] = {}
    seen: set[int] = set()
    total = 0
    for name, module in base.named_modules():
        for key, parameter in module.named_parameters(recurse=False):
            own = f"{name}.{key}"
            if id(parameter) in seen or _added(own):
                continue
            seen.add(id(parameter))
            total += parameter.numel()
            if id(parameter) not in reached and not parameter.requires_grad:
                kind = _kind(own, module, heads)
                shares[kind] = shares.get(kind, 0) + parameter.numel()
    return {kind: count / total for kind, count in shares.items()}


def _reached(base: nn.Module) -> set[int]:
    """The parameters that an adapter changes, or whose place a copy takes that trains."""
    from peft.utils import ModulesToSaveWrapper

    found: set[int] = set()
    for layer in adapted_layers(base):
        name = getattr(layer, "parameter_name", "weight")  # of experts one of several tensors
        inner = layer.get_base_layer()
        found |= {id(p) for key, p in inner.named_parameters(recurse=False) if key == name}
    for module in base.modules():
        if isinstance(module, ModulesToSaveWrapper):
            found |= {id(p) for p in module.original_module.parameters()}
    return found


def _added(name: str) -> bool:
    return "lora_" in name or ".modules_to_save." in name or "trainable_tokens_" in name


def _output(base: Any) -> Any:
    try:
        return base.get_output_embeddings()
    except (AttributeError, NotImplementedError):
        return None


def _kind(name: str, module: nn.Module, heads: set[int]) -> str:
    if _OF_EXPERTS.search(name.replace(".base_layer", "")):
        return EXPERTS
    if isinstance(module, nn.Embedding):
        return EMBEDDINGS
    if id(module) in heads:
        return HEAD
    if isinstance(module, nn.Linear) and name.endswith(".weight"):
        return name.replace(".base_layer", "").split(".")[-2]
    return OTHER
