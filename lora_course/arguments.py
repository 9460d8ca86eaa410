"""Errors that help: each names the argument, its value, what is allowed and what to do."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import fields
from numbers import Real
from typing import Any

PLAIN = {"str": (str,), "int": (int,), "float": (int, float), "bool": (bool,)}
"""What a field of a dataclass may hold, by its annotation."""


def whole(name: str, value: Any, *, at_least: int = 1) -> int:
    """Return `value` as an int; ValueError unless it is a whole number of at least `at_least`.

    Accepts any integer type (numpy's too), but neither booleans nor floats such as 8.0.
    """
    try:
        number = operator.index(value)  # of 3.0, and of an array or tensor that holds it, no int
    except TypeError:
        number = None
    if number is None or isinstance(value, bool):
        raise ValueError(f"{name}={value!r}: must be a whole number of at least {at_least}")
    if number < at_least:
        raise ValueError(f"{name}={number}: must be a whole number of at least {at_least}")
    return number


def rank_for(rank: Any, shape: tuple[int, int], where: str = "the matrix") -> int:
    """Return `rank` as an int; ValueError unless 1 <= rank <= min(d_out, d_in)."""
    number = whole("rank", rank)
    if number > min(shape):
        raise ValueError(
            f"rank={number}: larger than {where} of shape {shape[0]}×{shape[1]}, whose rank is at"
            f" most {min(shape)}; choose a rank from 1 to {min(shape)}"
        )
    return number


def rank_list(ranks: Any) -> list[int]:
    """Return `ranks` as a list of distinct whole numbers; ValueError when empty or repeated."""
    if isinstance(ranks, str) or not isinstance(ranks, Iterable):
        raise ValueError(f"ranks={ranks!r}: must be a list of ranks, such as [4, 8, 16, 32]")
    numbers = [whole("ranks", rank) for rank in ranks]
    if not numbers:
        raise ValueError("ranks=[]: is empty; give at least one rank, such as [4, 8, 16, 32]")
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"ranks={numbers}: names a rank twice; give each rank once")
    return numbers


def one_of(name: str, value: Any, allowed: Iterable[str]) -> str:
    """Return `value`; ValueError, listing what is allowed, when it is not among `allowed`."""
    options = list(allowed)
    if value not in options:
        raise ValueError(f"{name}={value!r}: must be one of {', '.join(map(repr, options))}")
    return str(value)


def positive(name: str, value: Any) -> float:
    """Return `value` as a float; ValueError unless it is a finite number above 0.

    Accepts any type of real numbers (numpy's too), but neither booleans nor arrays and tensors.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError(f"{name}={value!r}: must be a number above 0")
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if not 0 < number < float("inf"):  # of the float: a fraction can be too small for one
        raise ValueError(f"{name}={value!r}: must be a finite number above 0")
    return number


def check_fields(record: Any) -> None:
    """TypeError unless each field of a dataclass that is declared a plain value holds one.

    For records that are read from files, which may have been damaged.
    """
    for field in fields(record):
        value, kinds = getattr(record, field.name), PLAIN.get(str(field.type))
        if kinds is not None and type(value) not in kinds:
            raise TypeError(f"{field.name}={value!r:.100}: must be of type {field.type}")


def first_line(error: BaseException) -> str:
    """The first line of an error, not too long; its type where it says nothing."""
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    return line[:300]
