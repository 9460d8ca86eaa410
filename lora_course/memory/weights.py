"""Bytes of frozen base weights by precision, as transformers and bitsandbytes really hold them."""

from __future__ import annotations

import math
from typing import Any

from torch import nn

from lora_course.memory.configs import quantisation
from lora_course.memory.internals import internal
from lora_course.memory.setting import QUANTISED

NF4_BLOCK = 64  # weights that share one scale
SCALES_BLOCK = 256  # scales that share one scale of their own, with double quantisation
NF4_CODE, SCALES_CODE, OFFSET = 16 * 4, 256 * 4, 4  # bytes: tables that every matrix keeps


def weight_bytes(base: Any, precision: str) -> int:
    """Bytes of all parameters and buffers of `base`, a model without adapters.

    It is built in the setting's `dtype`. Quantised, the linear layers outside of what transformers
    leaves out (the output head, weights tied to it, the last module) take `quantised_bytes`.
    """
    chosen = quantised_matrices(base) if precision in QUANTISED else {}
    total = sum(quantised_bytes(shape, precision) for shape in chosen.values())
    kept = {id(tensor): tensor for tensor in [*base.parameters(), *base.buffers()]}
    for name in chosen:
        kept.pop(id(base.get_submodule(name).weight), None)
    return total + sum(tensor.numel() * tensor.element_size() for tensor in kept.values())


def quantised_matrices(base: Any) -> dict[str, tuple[int, int]]:
    """Name -> (d_out, d_in) of the linear layers that transformers would quantise."""
    from transformers.pytorch_utils import Conv1D

    should_convert_module = internal(
        "transformers.quantizers.quantizers_utils",
        "should_convert_module",
        "one cannot tell which layers are quantised",
    )
    left_out = not_quantised(base)
    found: dict[str, tuple[int, int]] = {}
    for name, module in base.named_modules():
        if type(module) is nn.Linear and should_convert_module(name, left_out):
            found[name] = (module.out_features, module.in_features)
        elif isinstance(module, Conv1D) and should_convert_module(name, left_out):
            found[name] = (module.weight.shape[1], module.weight.shape[0])
    return found


def quantised_share(base: Any) -> float:
    """Of all parameters the share in matrices that transformers would quantise, 0 to 1."""
    quantised = sum(math.prod(shape) for shape in quantised_matrices(base).values())
    return quantised / sum(parameter.numel() for parameter in base.parameters())


def not_quantised(base: Any) -> list[str]:
    """Names of what transformers leaves out: head, what is tied to it, what it keeps in fp32.

    A model that is stored quantised may name instead of the first two what was left out.
    """
    get_keys_to_not_convert = internal(
        "transformers.quantizers.base",
        "get_keys_to_not_convert",
        "one cannot tell which layers are quantised",
    )
    stored = quantisation(base.config).get("llm_int8_skip_modules")
    named = get_keys_to_not_convert(base) if stored is None else stored
    return [*named, *(base._keep_in_fp32_modules or ())]


def quantised_bytes(shape: tuple[int, int], precision: str) -> int:
    """Bytes that bitsandbytes keeps of one d_out×d_in matrix, scales and tables included.

    int8: a byte a weight, an fp32 scale a row. nf4: half a byte a weight, a scale every 64 (one
    byte each with double quantisation, and one fp32 every 256 of those; else fp32), its tables.
    """
    size = math.prod(shape)
    if precision == "int8":
        return size + 4 * shape[0]
    blocks = math.ceil(size / NF4_BLOCK)
    packed = math.ceil(size / 2) + NF4_CODE
    if precision == "nf4-single":
        return packed + 4 * blocks
    return packed + blocks + 4 * math.ceil(blocks / SCALES_BLOCK) + SCALES_CODE + OFFSET
