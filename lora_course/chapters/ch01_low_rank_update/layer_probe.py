"""Chapter 1, question (b): wraps a layer in the learner's class and looks at what comes of it.

It runs where the learner's class runs, beside it: what it reports is checked elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lora_course.checks.answer import AnswerError
from lora_course.checks.trained import held, one_step

if TYPE_CHECKING:
    from torch import Tensor, nn

PARTS = ("lora_A", "lora_B")


def use_layer(
    answer: Any,
    what: str,
    weight: Tensor,
    bias: Tensor | None,
    rank: int,
    alpha: float,
    a: Tensor,
    b: Tensor,
    x: Tensor,
) -> Any:
    """Wrap a base layer (`weight`, `bias`) in the learner's class, and look at `what`:

    "start": the parameters as they are at the start, and after one step of an optimizer; "output"
    and "gradients": the output for `x`, and the gradient of its sum, whom it reaches and what it is
    in `x`, with A = `a` and B = `b`;
    "merged": the merged weight.
    """
    import torch

    layer, base = _wrapped(answer, weight, bias, rank, alpha)
    if layer is ...:
        return layer
    if what == "start":
        return _start(layer, base)
    first = layer.merged_weight() if what == "merged" else layer(x)
    if first is ... or first is None:
        return first
    for name, value in zip(PARTS, (a, b), strict=True):
        _set(layer, name, value)
    if what == "merged":
        layer.merged_weight()  # the second result tells when the first call changed the base
        return layer.merged_weight()
    x.requires_grad_(what == "gradients")
    output = layer(x.clone())  # a leaf of autograd's may not be changed in place
    if what == "output":
        return output
    if isinstance(output, torch.Tensor) and output.requires_grad:
        output.float().sum().backward()
    matrices = {name: _matrix(layer, name) for name in PARTS}
    reach = [name for name, matrix in matrices.items() if getattr(matrix, "grad", None) is not None]
    return {"reach": reach, "x": x.grad}


def _wrapped(
    answer: Any, weight: Tensor, bias: Tensor | None, rank: int, alpha: float
) -> tuple[Any, nn.Linear]:
    """The learner's layer, and the base that it wraps."""
    import torch
    from torch import nn

    if isinstance(answer, nn.Module):
        raise AnswerError("is a layer already; pass the class that you wrote")
    base = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, dtype=weight.dtype)
    with torch.no_grad():
        base.weight.copy_(weight)
        if bias is not None:
            base.bias.copy_(bias)
    layer = answer(base, rank, alpha)
    if layer is not ... and not isinstance(layer, nn.Module):
        raise AnswerError(f"gave an object of type {type(layer).__name__}; an nn.Module was due")
    return layer, base


def _matrix(layer: nn.Module, name: str) -> Any:
    """The layer's A or B: a parameter, or the weight of a linear layer, as PEFT has it."""
    from torch import nn

    held = getattr(layer, name, None)
    return held.weight if isinstance(held, nn.Linear) else held


def _start(layer: nn.Module, base: nn.Linear) -> Any:
    """A and B as they are before the first step, and [before, after] of all that could move."""
    import torch

    found = {name: _matrix(layer, name) for name in PARTS}
    if all(value is None or value is ... for value in found.values()):
        return ...
    known = {id(parameter): name for name, parameter in found.items()}
    known |= {id(parameter): f"base.{name}" for name, parameter in held(base).items()}
    parameters = {known.get(id(p), name): p for name, p in held(layer).items()}
    start = {
        name: value.detach().clone() if isinstance(value, torch.Tensor) else value
        for name, value in found.items()
    }
    return {**start, "step": one_step(parameters)}


def _set(layer: nn.Module, name: str, value: Tensor) -> None:
    import torch

    held = _matrix(layer, name)
    if not isinstance(held, torch.Tensor) or held.shape != value.shape:
        shape = "×".join(map(str, value.shape))
        raise AnswerError(f"gave a layer without a matrix {name} of {shape}: see the first part")
    with torch.no_grad():
        held.copy_(value)
