"""A step of many equal layers from traces of a few: each layer more adds the same to every part.

Of a decoder whose layers are all alike, every moment of a step holds so much for what is there
once and so much for each layer. Traces of two and of three layers tell both (the first is special:
what it reads needs no gradient); tests hold the result equal to a trace of all, to the byte.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from torch import nn

from lora_course.memory.trace.step import Step

FEW, ONE_MORE = 2, 3
WORTH_IT = 12  # layers: from as many on two short traces take less time than one of all

Signature = list[tuple[str, tuple[int, ...], str, bool]]


def repeated_layers(adapted: nn.Module, config: Any) -> int:
    """How many layers `adapted`, wrapped by PEFT, has, where all are alike; else 0."""
    count = getattr(config, "num_hidden_layers", None)
    if not isinstance(count, int) or count < WORTH_IT or getattr(config, "text_config", None):
        return 0
    if any(len(set(map(str, values))) > 1 for values in _per_layer(config).values()):
        return 0
    stacks = [m for m in adapted.modules() if isinstance(m, nn.ModuleList) and len(m) == count]
    if len(stacks) != 1:
        return 0
    first, *others = map(_signature, stacks[0])
    return count if all(other == first for other in others) else 0


def _per_layer(config: Any) -> dict[str, list[Any]]:
    """The fields of a configuration that hold a value a layer."""
    return {
        name: value
        for name, value in config.to_dict().items()
        if isinstance(value, list) and len(value) == config.num_hidden_layers
    }


def _signature(layer: nn.Module) -> Signature:
    """A layer's parameters and buffers: names, shapes, types, and whether they train."""
    tensors = [*layer.named_parameters(), *layer.named_buffers()]
    return [(name, tuple(t.shape), str(t.dtype), t.requires_grad) for name, t in tensors]


def shortened(config: Any, count: int) -> Any:
    """The same configuration with `count` layers."""
    short = copy.deepcopy(config)
    for name, values in _per_layer(config).items():
        setattr(short, name, values[:count])
    short.num_hidden_layers = count
    return short


def extended_step(step_of: Callable[[int], Step], count: int) -> Step:
    """The step of `count` layers; `step_of`: a number of layers -> a traced step."""
    few, more = step_of(FEW), step_of(ONE_MORE)

    def extended(a: int, b: int) -> int:
        return a + (count - FEW) * (b - a)

    phases = [
        {
            kind: extended(one.get(kind, 0), other.get(kind, 0))
            for kind in dict.fromkeys((*one, *other))
        }
        for one, other in zip(few.phases, more.phases, strict=True)
    ]
    return Step(
        tuple(phases),
        extended(few.forward_flops, more.forward_flops),
        extended(few.flops, more.flops),
        few.checkpointing,
        few.evaluation
        if few.evaluation is None or more.evaluation is None
        else extended(few.evaluation, more.evaluation),
        few.inexact,
        layers=count,
    )
