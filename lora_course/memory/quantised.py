"""4-bit base weights without any weights: bitsandbytes' layers, packed as they would be.

On the meta device a layer knows its shape only; among fake tensors it gets weights, scales and
tables of the sizes and types that quantising would have given it.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from lora_course.memory.internals import internal
from lora_course.memory.weights import NF4_BLOCK, SCALES_BLOCK, not_quantised


def with_4_bit_layers(base: nn.Module, double: bool) -> None:
    """Put bitsandbytes' NF4 layers in place of those that transformers would quantise."""
    from transformers import BitsAndBytesConfig

    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=double,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    replace_with_bnb_linear = internal(
        "transformers.integrations.bitsandbytes",
        "replace_with_bnb_linear",
        "4-bit layers cannot be put in place",
    )
    replace_with_bnb_linear(base, not_quantised(base), config)
    base.is_loaded_in_4bit = True  # type: ignore[assignment]  # what PEFT asks for


def is_4_bit(module: nn.Module) -> bool:
    """Whether it is one of bitsandbytes' 4-bit layers."""
    return type(module).__name__ == "Linear4bit" and hasattr(module, "compute_dtype")


def packed_weight(layer: Any) -> nn.Parameter:
    """The layer's weight as quantising leaves it; call it among fake tensors.

    A plain parameter: bitsandbytes' own class of them cannot be made of a fake tensor.
    """
    from bitsandbytes.functional import QuantState

    shape = torch.Size((layer.out_features, layer.in_features))
    blocks = math.ceil(shape.numel() / NF4_BLOCK)
    double = layer.weight.compress_statistics
    scales = {
        "state2": QuantState(
            absmax=torch.empty(math.ceil(blocks / SCALES_BLOCK)),
            code=torch.empty(256),
            blocksize=SCALES_BLOCK,
            dtype=torch.float32,
        ),
        "offset": torch.empty(()),
    }
    packed = torch.empty((math.ceil(shape.numel() / 2), 1), dtype=torch.uint8)
    weight: Any = nn.Parameter(packed, requires_grad=False)
    weight.quant_state = QuantState(
        absmax=torch.empty(blocks, dtype=torch.uint8 if double else torch.float32),
        shape=shape,
        code=torch.empty(16),
        blocksize=NF4_BLOCK,
        quant_type="nf4",
        dtype=torch.bfloat16,
        **(scales if double else {}),
    )
    weight.bnb_quantized = True
    return weight


def weight_tensors(model: nn.Module) -> list[Tensor]:
    """Parameters and buffers, and what quantised weights keep beside them."""
    tensors = [*model.parameters(), *model.buffers()]
    for module in model.modules():
        weight = getattr(module, "weight", None)
        # int8: the scales of rows lie beside the weight until the first forward pass.
        int8 = (weight, getattr(module, "state", None))
        tensors += [s for s in (getattr(part, "SCB", None) for part in int8) if s is not None]
        state = getattr(weight, "quant_state", None)
        while state is not None:
            tensors += [value for value in vars(state).values() if isinstance(value, Tensor)]
            state = getattr(state, "state2", None)
    return [tensor.detach() for tensor in tensors]
