"""Floating-point operations of a step: of matrix products, convolutions and attention."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch.utils.flop_counter import (
    flop_registry,
    sdpa_backward_flop_count,
    sdpa_flop_count,
)


def _attention(query: Any, key: Any, value: Any, *rest: Any, **more: Any) -> int:
    count: int = sdpa_flop_count(query.shape, key.shape, value.shape)
    return count


def _attention_backward(
    grad: Any, query: Any, key: Any, value: Any, *rest: Any, **more: Any
) -> int:
    count: int = sdpa_backward_flop_count(grad.shape, query.shape, key.shape, value.shape)
    return count


def _grouped(rows: Any, experts: Any, *rest: Any, **more: Any) -> int:
    """Each row meets one expert's matrix, or each column of the gradient its rows."""
    return 2 * math.prod(rows.shape) * experts.shape[-1]


def _four_bits(rows: Any, packed: Any, shape: Any, *rest: Any, **more: Any) -> int:
    """bitsandbytes' product with a packed d_out×d_in matrix."""
    return 2 * math.prod(rows.shape) * int(shape[0])


# What torch's own counter has no formula for: a CPU's fused attention, and experts' products.
_MORE: dict[Any, Callable[..., int]] = {
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _attention,
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward: _attention_backward,
    torch.ops.aten._grouped_mm: _grouped,
}


def flops_of(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> int:
    """The operations of one call, a multiplication and an addition counted as two; else 0."""
    packet = func.overloadpacket
    if str(packet) == "bitsandbytes.gemm_4bit":
        return _four_bits(*args)
    if packet in _MORE:
        return _MORE[packet](*args, **kwargs)
    if packet in flop_registry:
        return int(flop_registry[packet](*args, **kwargs, out_val=out))
    return 0
