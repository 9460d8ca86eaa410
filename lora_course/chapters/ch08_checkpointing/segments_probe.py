"""Chapter 8, question (c): runs blocks by the learner's function, and watches the backward pass.

It runs where the learner's function runs, beside it: what it reports is checked elsewhere.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

WIDTH, RANK, ROWS = 6, 2, 4
DROPOUT = 0.3


def run(answer: Any, seed: int, count: int, segment: int) -> Any:
    """Let the answer run `count` blocks in segments, then go backward from its output.

    The input asks for no gradient, as after a frozen embedding; a layer after the blocks trains.
    Returns the blocks in the order in which they ran ("calls"), up to the backward pass and in it,
    and the gradients of the adapters, None where there is none; the dots where nothing is done.
    """
    import torch
    from torch import nn
    from torch.utils.checkpoint import CheckpointError

    torch.manual_seed(seed)
    blocks, calls = _blocks(count), list[int]()
    for number, block in enumerate(blocks):
        block.register_forward_pre_hook(lambda *_, number=number: calls.append(number))
    x, head = torch.randn(ROWS, WIDTH), nn.Linear(WIDTH, 1)
    out = answer(blocks, x, segment)
    if out is ...:
        return out
    forward = list(calls)
    with suppress(CheckpointError):  # another segment than forward: what is there shows it
        head(out).square().sum().backward()
    gradients = [p.grad for p in blocks.parameters() if p.requires_grad]
    return {
        "out": out.detach(),
        "gradients": gradients,
        "forward": forward,
        "backward": calls[len(forward) :],
    }


def _blocks(count: int) -> Any:
    """Frozen blocks with adapters, A and B random, and dropout."""
    from torch import nn

    from lora_course.core.layers import LoRALinear, trainable_parameters

    blocks = nn.ModuleList(
        nn.Sequential(LoRALinear(nn.Linear(WIDTH, WIDTH), RANK), nn.Dropout(DROPOUT), nn.Tanh())
        for _ in range(count)
    )
    for parameter in trainable_parameters(blocks):
        nn.init.normal_(parameter, std=0.5)
    return blocks
