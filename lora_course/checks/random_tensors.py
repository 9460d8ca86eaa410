"""Tensors drawn afresh for a check."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


def tensor(draws: random.Random, *shape: int, dtype: Any = None) -> Tensor:
    """Standard normal numbers of that shape; of type `dtype`, fp32 by default."""
    import torch

    generator = torch.Generator().manual_seed(draws.getrandbits(63))
    return torch.randn(shape, generator=generator).to(dtype or torch.float32)


def simple(draws: random.Random, *shape: int) -> Tensor:
    """Numbers of one decimal from 0.1 to 2, of either sign: for a call to work out by hand."""
    numbers = tensor(draws, *shape)
    return (numbers.abs() % 1.9 + 0.1).copysign(numbers).round(decimals=1)
