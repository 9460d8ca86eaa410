"""As a GPU does it: dropout and attention that a CPU takes apart into more than a GPU holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


@contextmanager
def as_on_a_gpu() -> Iterator[None]:
    """In this block dropout keeps a mask of a byte a value, and fused attention none at all.

    A CPU keeps a mask of the input's own type, and where attention drops values, all its scores.
    """
    dropout, attention = functional.dropout, functional.scaled_dot_product_attention

    def one_byte(
        input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
    ) -> Tensor:
        if not training or inplace or not 0 < p < 1:
            return dropout(input, p, training, inplace)
        return torch.native_dropout(input, p, training)[0]

    def without_scores(*tensors: Any, dropout_p: float = 0.0, **more: Any) -> Tensor:
        return attention(*tensors, **more)

    functional.dropout = one_byte
    functional.scaled_dot_product_attention = without_scores
    try:
        yield
    finally:
        functional.dropout, functional.scaled_dot_product_attention = dropout, attention
