"""Blocks in a row, checkpointed in segments: gradients, and bytes by segment length."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from lora_course.core.layers import adapt, trainable_parameters
from lora_course.memory.trace.peak import StorageLog

BLOCKS, WIDTH, ROWS, RANK = 36, 64, 256, 4
WEIGHTS = "weights"


def blocks(count: int = BLOCKS) -> nn.ModuleList:
    """Frozen blocks of two linear layers, d → 4d → d, with adapters in which A and B are random."""
    torch.manual_seed(0)
    wide = 4 * WIDTH
    made = nn.ModuleList(
        nn.Sequential(nn.Linear(WIDTH, wide), nn.ReLU(), nn.Linear(wide, WIDTH))
        for _ in range(count)
    )
    adapt(made, RANK)
    for parameter in trainable_parameters(made):
        nn.init.normal_(parameter, std=0.1)
    return made


def some_rows() -> Tensor:
    """What goes into the first block: rows × width."""
    return torch.randn(ROWS, WIDTH, generator=torch.Generator().manual_seed(0))


def gradients(out: Tensor, chain: nn.Module) -> tuple[Tensor, ...]:
    """The gradients of all that trains in `chain`; from behind, a 1 arrives for each output."""
    return torch.autograd.grad(out, trainable_parameters(chain), torch.ones_like(out))


def take_gradients(chain: nn.Module) -> list[Tensor | None]:
    """The gradients of what trains, in order; afterwards there are none."""
    gradients = [parameter.grad for parameter in trainable_parameters(chain)]
    chain.zero_grad(set_to_none=True)
    return gradients


def missing(reentrant: bool) -> int:
    """How many of three blocks' 12 gradients are None, behind a frozen embedding.

    A head trains, so that there is something to go backward from.
    """
    chain, head = blocks(3), nn.Linear(WIDTH, 2)
    embedding = nn.Embedding(ROWS, WIDTH).requires_grad_(False)
    z = embedding(torch.arange(ROWS))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "None of the inputs have requires_grad")
        for block in chain:
            z = checkpoint(block, z, use_reentrant=reentrant)
    head(z).square().sum().backward()
    return take_gradients(chain).count(None)


def held_in_segments(
    chain: Sequence[nn.Module], x: Tensor, lengths: Iterable[int]
) -> dict[int, int]:
    """Segment length -> bytes at the peak beyond weights and input, of a pass there and back."""
    return {length: _held(chain, x, length) for length in lengths}


def _held(chain: Sequence[nn.Module], x: Tensor, length: int) -> int:
    def segment(z: Tensor, first: int) -> Tensor:
        for block in chain[first : first + length]:
            z = block(z)
        return z

    log = StorageLog()
    log.hold([x, *(p for block in chain for p in block.parameters())], WEIGHTS)
    with log:
        z = x
        for first in range(0, len(chain), length):
            z = checkpoint(segment, z, first, use_reentrant=False)
        z.sum().backward()
    for block in chain:
        block.zero_grad(set_to_none=True)
    return beyond_weights(log)


def kept_inside(block: nn.Module, x: Tensor) -> int:
    """Bytes that one block keeps for its backward pass, its input included, weights not."""
    weights = {p.untyped_storage().data_ptr() for p in block.parameters()}
    sizes: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            sizes[storage.data_ptr()] = storage.nbytes()
        return tensor.detach()  # the tensor itself would hold on to its own graph

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        out = block(x.clone().requires_grad_())
    del out
    return sum(sizes.values())


def beyond_weights(log: StorageLog) -> int:
    """Bytes at the fullest moment, less the weights."""
    return sum(size for kind, size in log.peak().items() if kind != WEIGHTS)
