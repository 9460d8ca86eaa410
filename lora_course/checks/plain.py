"""Whatever a learner's code returns, as plain data: nothing of theirs runs once it is plain.

Plain data is None, bool, int, float, str, lists of plain data, dicts with plain keys, and torch
tensors. Types are compared exactly, so an object cannot pass for a number by overriding methods.
"""

from __future__ import annotations

import itertools
import operator
import sys
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from lora_course.checks.stored import dataclass_fields, type_name

# The one limit on size, the same in a notebook and in the grader: grading/wire.py carries whatever
# is within it. Numbers, characters, lists and dicts count, wherever they stand.
MAX_VALUES = 300_000
MAX_DEPTH = 8
# Of dicts, in all: keys can be made that are all looked up in one place, each past all before it.
MAX_KEYS = 5_000
TENSOR = 12  # what a tensor counts beside its numbers and rows: its name, type and shape
BITS = 64  # of a whole number that count as one value
FEW_DIGITS = 10**300
FEW = 9  # numbers of a tensor that are shown in full
SIMPLE = (type(None), bool, int, float, str)
SETS = (set, frozenset)
DICTS = (dict, OrderedDict, defaultdict)  # a model's state_dict() is an OrderedDict
REAL, WHOLE = ("float64", "float32", "float16", "bfloat16"), ("int64", "int32", "int16", "int8")
DTYPES = (*REAL, *WHOLE, "uint8", "bool")  # of tensors; a checkpoint file holds all of them


class NotPlainError(Exception):
    """A value is not, and does not hold only, plain data; the message says what to return."""


class BlankError(Exception):
    """The answer is still the dots of the blank exercise."""


def to_plain(value: Any) -> Any:
    """`value` as plain data; NotPlainError when it has none, BlankError for `...`."""
    return _Reader().read(value, 0)


class _Reader:
    """Reads one value, and counts: all that it holds is bounded together."""

    def __init__(self) -> None:
        self.left, self.keys_left = MAX_VALUES, MAX_KEYS

    def count(self, values: int) -> None:
        """Take these values from what may still be read."""
        self.left -= values
        if self.left < 0:
            raise NotPlainError(
                f"more data than is read: at most {MAX_VALUES:,} numbers and characters in all;"
                " return only what is asked for"
            )

    def read(self, value: Any, depth: int) -> Any:
        """`value`, which stands in as many lists and dicts as `depth` says."""
        if value is ...:
            raise BlankError
        if not _one_of(type(value), SIMPLE):
            value = _python_number(value)
        kind = type(value)
        if _one_of(kind, SIMPLE):
            self.count(_size(value))
            return value
        if _one_of(kind, SETS):  # in order, for it has none of its own
            value, kind = _in_order(value), list
        if kind is list or issubclass(kind, tuple):  # a NamedTuple is a tuple, too
            self.open(depth)
            # By tuple's own hand: the class of a tuple can say anything.
            items = tuple.__iter__(value) if issubclass(kind, tuple) else value
            return [self.read(item, depth + 1) for item in items]
        fields = value if _one_of(kind, DICTS) else dataclass_fields(value)
        if fields is not None:
            self.open(depth)
            self.keys_left -= len(fields)
            if self.keys_left < 0:
                raise NotPlainError(f"dicts with more than {MAX_KEYS:,} keys in all")
            return {self.key(key): self.read(item, depth + 1) for key, item in fields.items()}
        return self.array(value, kind, depth)

    def open(self, depth: int, shape: Sequence[int] = ()) -> None:
        """Count a list or dict, or all the numbers and rows of a `shape`, that stands so deep."""
        if depth + max(len(shape) - 1, 0) > MAX_DEPTH:
            raise NotPlainError(f"data nested more than {MAX_DEPTH} deep")
        self.count(sum(itertools.accumulate(shape, operator.mul, initial=1)))

    def key(self, key: Any) -> Any:
        """A dict's key."""
        if not _one_of(type(_python_number(key)), SIMPLE):
            name = type_name(type(key))
            raise NotPlainError(f"a dict with a key of type {name}; use plain keys")
        return self.read(key, 0)

    def array(self, value: Any, kind: type, depth: int) -> Any:
        """Arrays and tensors of numpy and torch, where these are loaded at all."""
        numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
        if numpy is not None and kind is numpy.ndarray:
            self.open(depth, value.shape)
            if value.dtype.kind not in "biuf":
                return self.read(value.tolist(), depth + 1)
            if value.dtype.char == "g":  # longdouble, of which tolist() makes no Python numbers
                with numpy.errstate(over="ignore"):
                    value = value.astype(float)
            return value.tolist()
        if torch is not None and _one_of(kind, (torch.Tensor, torch.nn.Parameter)):
            # Past what was set on the tensor itself: t.numel = ...
            return self.tensor(torch.Tensor.detach(value), depth)
        if torch is not None and issubclass(kind, torch.nn.Module):
            raise NotPlainError(
                "a model or a layer; return numbers or tensors, such as the weight of a layer"
            )
        name = type_name(kind)
        if name == "generator":
            raise NotPlainError("a generator; return its values as a list: list(...)")
        if kind is type:
            raise NotPlainError(
                f"the class {type_name(value)} itself; return numbers, lists or dicts"
            )
        raise NotPlainError(f"an object of type {name}; return numbers, lists or dicts")

    def tensor(self, value: Any, depth: int) -> Any:
        """A tensor as a copy on the CPU that has its numbers for itself."""
        dtype = str(value.dtype).removeprefix("torch.")
        if dtype not in DTYPES:
            raise NotPlainError(
                f"a tensor of type {dtype}; types that are read: {', '.join(DTYPES)}"
            )
        if str(value.layout) != "torch.strided" or value.device.type == "meta":
            raise NotPlainError("a tensor without ordinary storage; return one that holds numbers")
        self.count(TENSOR)
        self.open(depth, value.shape)
        return value.cpu().clone()


def _one_of(kind: type, kinds: Iterable[type]) -> bool:
    """Whether `kind` is one of `kinds` itself: `in` would let a metaclass claim that it is."""
    return any(kind is known for known in kinds)


def _python_number(value: Any) -> Any:
    """A number of another library's as one of Python's; anything else as it is."""
    kind, numpy, sympy = type(value), sys.modules.get("numpy"), sys.modules.get("sympy")
    # Their own types alone: a subclass could have an item() of the learner's.
    if _one_of(kind, (Fraction, Decimal)):
        return _whole_or_float(value)
    if numpy is not None and _one_of(kind, numpy.sctypeDict.values()):
        # item() of a longdouble is that longdouble.
        return float(value) if kind is numpy.longdouble else value.item()
    if sympy is not None and any(kind is one for one in _numbers_of(sympy)):
        return _whole_or_float(value)
    return value


def _numbers_of(sympy: Any) -> tuple[type, ...]:
    """sympy's types of numbers; 0, 1, −1 and 1/2 have types of their own."""
    numbers = sympy.core.numbers
    small = (numbers.Zero, numbers.One, numbers.NegativeOne, numbers.Half)
    return (numbers.Integer, numbers.Rational, numbers.Float, *small)


def _whole_or_float(value: Any) -> int | float:
    """A number that has an exact value: an int where it is whole and no float, else a float."""
    if type(value).__name__ == "Float" or not abs(value) < FEW_DIGITS:  # to write out 1e1000000
        return float(value)
    return int(value) if value == int(value) else float(value)


def _in_order(values: Iterable[Any]) -> list[Any]:
    """What is in a set, sorted where it is all numbers or all text."""
    items = list(values)
    kinds = set(map(type, items))
    numbers = all(kind in (int, float) for kind in kinds)
    return sorted(items) if numbers or kinds == {str} else items


def _size(value: Any) -> int:
    """As how many values a simple one counts: long texts and huge whole numbers as more."""
    if type(value) is str:
        return 1 + len(value)
    return 1 + value.bit_length() // BITS if type(value) is int else 1


def is_tensor(value: Any) -> bool:
    """Whether plain `value` is a tensor, without an import of torch."""
    return hasattr(value, "numel")


def _tensor(value: Any) -> str:
    """A tensor as text: all its numbers where they are few, else shape, type and the first ones."""
    shape = "×".join(map(str, value.shape)) or "no dimensions"
    dtype = str(value.dtype).removeprefix("torch.")
    if not value.numel() or value.is_complex() or value.device.type == "meta":
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
    if type(value) in (list, dict) and len(value) > 40:
        return f"a {type(value).__name__} of {len(value):,} items"
    if type(value) is dict and _holds_tensor(value):
        entries = (f"{show(key)}: {show(item, limit)}" for key, item in value.items())
        return _shortened("{" + "; ".join(entries) + "}", 10 * limit)
    if type(value) is list and _holds_tensor(value):
        return _shortened("[" + "; ".join(show(item, limit) for item in value) + "]", 10 * limit)
    if is_tensor(value):
        return _tensor(value)
    try:
        text = f"{value:,}" if type(value) is int else repr(value)
    except ValueError:  # Python refuses to write out whole numbers of thousands of digits
        text = f"a {type(value).__name__} with huge whole numbers in it"
    return _shortened(text, limit)


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _holds_tensor(value: Any) -> bool:
    """Whether a tensor stands anywhere in plain `value`: its repr would take several lines."""
    if type(value) in (list, dict):
        return any(map(_holds_tensor, value.values() if type(value) is dict else value))
    return is_tensor(value)
