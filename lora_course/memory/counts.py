"""Exact counts: what PEFT would train, module by module, and the bytes of the file it saves."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from lora_course.arguments import first_line
from lora_course.memory.coverage import without_adapter
from lora_course.memory.notes import adapter_notes, file_notes, rank_notes

# As safetensors names them in a file's header.
TYPE_NAMES = {
    "torch.float32": "F32",
    "torch.bfloat16": "BF16",
    "torch.float16": "F16",
    "torch.int64": "I64",
}


@dataclass(frozen=True)
class Count:
    """Parameters of a model with its adapter.

    `trainable`, `total`: as PEFT's `get_nb_trainable_parameters`. `by_module`: trainable ones by
    the adapted module's name in the base model. `file_bytes`: of adapter_model.safetensors.
    `without`: the base's share that gets no adapter, by kind. `notes`: what to know of it.
    """

    trainable: int
    total: int
    by_module: dict[str, int]
    file_bytes: int
    without: dict[str, float]
    notes: tuple[str, ...] = ()


def count(adapted: Any) -> Count:
    """The count of a model that PEFT has wrapped."""
    trainable, total = adapted.get_nb_trainable_parameters()
    by_module: dict[str, int] = {}
    for name, parameter in adapted.named_parameters():
        if parameter.requires_grad:
            module = _adapted_module(name)
            by_module[module] = by_module.get(module, 0) + parameter.numel()
    without = without_adapter(adapted)
    saved = _saved(adapted)
    notes = (
        *rank_notes(adapted),
        *adapter_notes(adapted, trainable, without),
        *file_notes(saved),
    )
    return Count(trainable, total, by_module, safetensors_bytes(saved), without, notes)


def _adapted_module(parameter: str) -> str:
    """base_model.model.layers.0.q_proj.lora_A.default.weight -> layers.0.q_proj."""
    name = parameter.removeprefix("base_model.").removeprefix("model.")
    for mark in (".lora_", ".modules_to_save.", ".token_adapter.", ".trainable_tokens_"):
        name = name.partition(mark)[0]
    return name


def _saved(adapted: Any) -> Mapping[str, Tensor]:
    """The tensors that PEFT writes to the adapter's file; ValueError where it cannot."""
    from peft import get_peft_model_state_dict

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of shapes without values, of embeddings that it adds
            state: Mapping[str, Tensor] = get_peft_model_state_dict(adapted)
    except NotImplementedError as error:  # a head saved whole, and no embeddings beside it
        raise ValueError(f"PEFT cannot save this adapter: {first_line(error)}") from error
    return state


def safetensors_bytes(tensors: Mapping[str, Tensor]) -> int:
    """Bytes of a safetensors file: 8 for the header's length, the header, the data.

    The header is JSON without spaces, names in the order of the data (larger types first, then
    by name), filled up with spaces to a multiple of 8.
    """
    order = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name in order:
        start, end = end, end + tensors[name].numel() * tensors[name].element_size()
        header[name] = {
            "dtype": TYPE_NAMES[str(tensors[name].dtype)],
            "shape": list(tensors[name].shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False)
    size = len(text.encode("utf-8"))
    return 8 + size + -size % 8 + end
