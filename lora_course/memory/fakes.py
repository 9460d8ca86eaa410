"""From the meta device to fake tensors: a model that computes shapes where it would numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from lora_course.memory.internals import internal
from lora_course.memory.quantised import is_4_bit, packed_weight


@contextmanager
def fakes() -> Iterator[None]:
    """Tensors made in this block are fake ones, on the CPU."""
    with FakeTensorMode(allow_non_fake_inputs=True), _one_sequence_a_row():
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


@contextmanager
def _one_sequence_a_row() -> Iterator[None]:
    """transformers asks a tensor's values whether rows hold several sequences: here none do.

    Fake tensors have no values; it would then take the worst case and make a full mask.
    """
    module, name = "transformers.masking_utils", "find_packed_sequence_indices"
    before = internal(module, name, "a mask would be counted that is never made; counts are right")
    masking_utils = import_module(module)
    setattr(masking_utils, name, lambda position_ids: None)
    try:
        yield
    finally:
        setattr(masking_utils, name, before)
