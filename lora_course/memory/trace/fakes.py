"""From the meta device to fake tensors: a model that computes shapes where it would numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from lora_course.memory.internals import internal
from lora_course.memory.quantised import is_4_bit, packed_weight

MASKS = "transformers.masking_utils"
UNMADE = "a mask would be counted that is never made; counts are right"


@contextmanager
def fakes(padded: bool = False) -> Iterator[None]:
    """Tensors made in this block are fake ones, on the CPU."""
    with ExitStack() as stack:
        stack.enter_context(FakeTensorMode(allow_non_fake_inputs=True))
        stack.enter_context(_one_sequence_a_row())
        if not padded:
            stack.enter_context(_nothing_masked())
        yield


def to_fake(model: nn.Module) -> None:
    """Put a fake tensor in place of each of the model's, shared ones once."""
    made: dict[int, Tensor] = {}
    for module in model.modules():
        if is_4_bit(module):
            made[id(module.weight)] = packed_weight(module)
        for tensors in (module._parameters, module._buffers):
            for name, tensor in tensors.items():
                if tensor is None:
                    continue
                if id(tensor) not in made:
                    made[id(tensor)] = _fake(tensor)
                tensors[name] = made[id(tensor)]  # type: ignore[assignment]


def _fake(tensor: Tensor) -> Tensor:
    fake = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype)
    if isinstance(tensor, nn.Parameter):
        return nn.Parameter(fake, requires_grad=tensor.requires_grad)
    return fake


def _one_sequence_a_row() -> AbstractContextManager[Any]:
    """transformers asks a tensor's values whether rows hold several sequences: here none do.

    Fake tensors have no values; it would then take the worst case and make a full mask.
    """
    name = "find_packed_sequence_indices"
    internal(MASKS, name, UNMADE)
    return patch(f"{MASKS}.{name}", lambda position_ids: None)


@contextmanager
def _nothing_masked() -> Iterator[None]:
    """The same of masks, which some models make where they are given none: all their values are 1.

    A fused attention then takes none.
    """
    with ExitStack() as stack:
        for name in ("_ignore_causal_mask_sdpa", "_ignore_bidirectional_mask_sdpa"):
            without = partial(_without_mask, internal(MASKS, name, UNMADE))
            stack.enter_context(patch(f"{MASKS}.{name}", without))
        yield


def _without_mask(asked: Callable[..., bool], padding_mask: Any, *args: Any, **more: Any) -> bool:
    return asked(None, *args, **more)
