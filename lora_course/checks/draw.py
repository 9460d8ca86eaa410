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
