"""Whatever a learner's code returns, as plain data: nothing of theirs runs once it is plain.

Plain data is None, bool, int, float, str, lists of plain data, dicts with plain keys, and torch
tensors. Types are compared exactly, so an object cannot pass for a number by overriding methods.
"""

from __future__ import annotations

import dataclasses
import sys
from collections import OrderedDict, defaultdict
from typing import Any

MAX_ITEMS = 10_000
MAX_TENSOR = 4_000_000
MAX_TEXT = 10_000
MAX_DEPTH = 8
FEW = 9  # numbers of a tensor that are shown in full
SIMPLE = (type(None), bool, int, float, str)
DICTS = (dict, OrderedDict, defaultdict)  # a model's state_dict() is an OrderedDict


class NotPlainError(Exception):
    """A value is not, and does not hold only, plain data; the message says what to return."""


class BlankError(Exception):
    """The answer is still the dots of the blank exercise."""


def to_plain(value: Any, depth: int = 0) -> Any:
    """`value` as plain data; NotPlainError when it has none, BlankError for `...`."""
    kind = type(value)
    if value is ...:
        raise BlankError
    if kind is str and len(value) > MAX_TEXT:
        raise NotPlainError(f"a text of {len(value):,} characters; at most {MAX_TEXT:,} are read")
    if _one_of(kind, SIMPLE):
        return value
    if depth > MAX_DEPTH:
        raise NotPlainError(f"data nested more than {MAX_DEPTH} deep")
    if _one_of(kind, (list, tuple)):
        _bounded(len(value))
        return [to_plain(item, depth + 1) for item in value]
    if _one_of(kind, DICTS):
        _bounded(len(value))
        return {_key(key): to_plain(item, depth + 1) for key, item in value.items()}
    if dataclasses.is_dataclass(kind):
        # Read past __getattribute__: a field is what was stored in the instance.
        stored = object.__getattribute__(value, "__dict__")
        names = [field.name for field in dataclasses.fields(kind)]
        return {name: to_plain(stored.get(name), depth + 1) for name in names}
    return _array(value, kind)


def _one_of(kind: type, kinds: tuple[type, ...]) -> bool:
    """Whether `kind` is one of `kinds` itself: `in` would let a metaclass claim that it is."""
    return any(kind is known for known in kinds)


def _array(value: Any, kind: type) -> Any:
    """Numbers and tensors of numpy and torch, where these are loaded at all."""
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None and issubclass(kind, numpy.generic) and kind.__module__ == "numpy":
        return to_plain(value.item(), MAX_DEPTH)
    if numpy is not None and kind is numpy.ndarray:
        _bounded(value.size)
        return value.tolist() if value.dtype.kind in "biuf" else to_plain(value.tolist())
    if torch is not None and _one_of(kind, (torch.Tensor, torch.nn.Parameter)):
        if value.numel() > MAX_TENSOR:
            raise NotPlainError(f"a tensor of {value.numel():,} numbers; at most {MAX_TENSOR:,}")
        return value.detach().clone()
    if torch is not None and issubclass(kind, torch.nn.Module):
        raise NotPlainError("data with a model in it; for its adapter, pass adapter_state(model)")
    name = kind.__name__
    if name == "generator":
        raise NotPlainError("a generator; return its values as a list: list(...)")
    if kind is type:
        raise NotPlainError(f"the class {value.__name__} itself; return numbers, lists or dicts")
    raise NotPlainError(f"an object of type {name}; return numbers, lists or dicts")


def _key(key: Any) -> Any:
    if not _one_of(type(key), SIMPLE):
        raise NotPlainError(f"a dict with a key of type {type(key).__name__}; use plain keys")
    return key


def _bounded(size: int) -> None:
    if size > MAX_ITEMS:
        raise NotPlainError(f"{size:,} items; at most {MAX_ITEMS:,} are read")


def is_tensor(value: Any) -> bool:
    """Whether plain `value` is a tensor, without an import of torch."""
    return hasattr(value, "numel")


def _tensor(value: Any) -> str:
    """A tensor as text: all its numbers where they are few, else shape, type and the first ones."""
    shape = "×".join(map(str, value.shape)) or "no dimensions"
    dtype = str(value.dtype).removeprefix("torch.")
    if not value.numel() or value.is_complex() or str(value.layout) != "torch.strided":
        return f"a tensor {shape}, {dtype}"
    if value.numel() <= FEW:
        return f"tensor({_rounded(value.tolist())})" + f", {dtype}" * (dtype != "float32")
    first = ", ".join(f"{number:.4g}" for number in value.flatten()[:4].tolist())
    return f"a tensor {shape}, {dtype}: {first}, …"


def _rounded(numbers: Any) -> Any:
    """Nested lists of numbers with four digits each."""
    if type(numbers) is list:
        return [_rounded(number) for number in numbers]
    return float(f"{numbers:.4g}") if type(numbers) is float else numbers


def show(value: Any, limit: int = 160) -> str:
    """`value`, plain data, as one short line of text."""
    if type(value) is int and value.bit_length() > 300:
        return f"a whole number of {value.bit_length():,} bits"
    if type(value) is dict and any(map(is_tensor, value.values())):
        entries = (f"{show(key)}: {show(item, limit)}" for key, item in value.items())
        return "{" + "; ".join(entries) + "}"
    if type(value) in (list, dict) and len(value) > 40:
        return f"a {type(value).__name__} of {len(value):,} items"
    if is_tensor(value):
        return _tensor(value)
    try:
        text = f"{value:,}" if type(value) is int else repr(value)
    except ValueError:  # Python refuses to write out whole numbers of thousands of digits
        text = f"a {type(value).__name__} with huge whole numbers in it"
    return text if len(text) <= limit else text[: limit - 1] + "…"
