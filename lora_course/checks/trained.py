"""What of a model trains: found out by one step of an optimizer, not by asking the model.

A class can answer for itself, and `named_parameters()` can be anybody's method by now. A probe
hands over the tensors before and after a step, and the check, elsewhere, looks which ones moved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn


CONTROL = "(sure to train)"


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
    """{name: [before, after]} of one step of SGD, of rate 1, down the sum of all parameters.

    Beside them goes one that is sure to train: where it does not move, nobody has trained.
    """
    import torch

    every = {**parameters, CONTROL: torch.nn.Parameter(torch.zeros(1))}
    before = {name: parameter.detach().clone() for name, parameter in every.items()}
    optimizer = torch.optim.SGD(list(every.values()), lr=1.0)
    optimizer.zero_grad()
    for parameter in every.values():
        with suppress(RuntimeError):  # it asks for no gradient; whether it does, only torch says
            parameter.double().sum().backward()
    optimizer.step()
    return {name: [before[name], p.detach().clone()] for name, p in every.items()}


def moved(step: Any) -> dict[str, bool] | None:
    """Which parameters have moved, as `one_step` reports it; None where that is no such report."""
    import torch

    if type(step) is not dict or CONTROL not in step:
        return None
    found = {}
    for name, pair in step.items():
        match pair:
            case [torch.Tensor() as before, torch.Tensor() as after] if before.shape == after.shape:
                found[str(name)] = not torch.equal(before, after)
            case _:
                return None
    return found if found.pop(CONTROL) else None
