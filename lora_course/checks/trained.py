"""What of a model trains: found out by one step of an optimizer, not by asking the model.

A class can answer for itself, and `named_parameters()` can be anybody's method by now. A probe
hands over the tensors before and after a step, and the check, elsewhere, looks which ones moved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn


def held(module: nn.Module) -> dict[str, Tensor]:
    """All parameters of a module, by name, each once: read from where torch registers them."""
    return dict(_held(module, "", set()))


def _held(module: nn.Module, prefix: str, seen: set[int]) -> Iterator[tuple[str, Tensor]]:
    registered = object.__getattribute__(module, "__dict__")
    for name, parameter in registered["_parameters"].items():
        if parameter is not None and id(parameter) not in seen:
            seen.add(id(parameter))
            yield f"{prefix}{name}", parameter
    for name, child in registered["_modules"].items():
        if child is not None and id(child) not in seen:
            seen.add(id(child))
            yield from _held(child, f"{prefix}{name}.", seen)


def one_step(parameters: Mapping[str, Tensor]) -> dict[str, list[Tensor]]:
    """{name: [before, after]} of one step of SGD, of rate 1, down the sum of all parameters."""
    import torch

    before = {name: parameter.detach().clone() for name, parameter in parameters.items()}
    optimizer = torch.optim.SGD(list(parameters.values()), lr=1.0)
    optimizer.zero_grad()
    sums = [p.double().sum() for p in parameters.values() if p.requires_grad]
    if sums:
        torch.stack(sums).sum().backward()
    optimizer.step()
    return {name: [before[name], p.detach().clone()] for name, p in parameters.items()}


def moved(pair: Any) -> bool | None:
    """Whether the tensors [before, after] differ; None where they are no such pair."""
    import torch

    if type(pair) is not list or len(pair) != len(("before", "after")):
        return None
    before, after = pair
    if not all(isinstance(one, torch.Tensor) for one in pair) or before.shape != after.shape:
        return None
    return not torch.equal(before, after)
