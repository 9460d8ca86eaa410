"""Two plain values: whether they are the same, and in general words how they differ."""

from __future__ import annotations

import math
from typing import Any

from lora_course.checks.plain import is_tensor, show


def same(got: Any, expected: Any, tolerance: float = 0.0, absolute: float = 0.0) -> bool:
    """Whether plain `got` equals `expected`: type and shape first, then values.

    Whole numbers must be equal and whole; others within `tolerance`, relative, or `absolute`; the
    numbers of a tensor within `tolerance` of its largest. NaN and infinity equal nothing.
    """
    if type(expected) is dict:
        return (
            type(got) is dict
            and got.keys() == expected.keys()
            and all(same(got[key], expected[key], tolerance, absolute) for key in expected)
        )
    if type(expected) is list:
        return (
            type(got) is list
            and len(got) == len(expected)
            and all(same(a, b, tolerance, absolute) for a, b in zip(got, expected, strict=True))
        )
    if is_tensor(got) and type(expected) is bool:  # of x.any(), say
        got = _truth(got)
    if type(got) is list and is_tensor(expected) and not expected.is_floating_point():
        return same(got, expected.tolist())
    if is_tensor(expected):
        return _same_tensor(_as_tensor(got, expected), expected, tolerance)
    if type(expected) is float:
        return _same_float(got, expected, tolerance, absolute)
    return type(got) is type(expected) and bool(got == expected)


def _same_float(got: Any, expected: float, tolerance: float, absolute: float) -> bool:
    """A finite number of either kind, off by at most `tolerance`, relative, or by `absolute`."""
    number = _finite(got)
    if number is None or not math.isfinite(expected):  # anything is within a share of infinity
        return False
    return abs(number - expected) <= max(tolerance * max(abs(expected), 1e-300), absolute)


def _finite(value: Any) -> float | None:
    """A number of either kind as a float; None for NaN, what no float can hold, and all else."""
    if type(value) not in (int, float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _truth(got: Any) -> Any:
    """A tensor of one truth value as True or False; any other as it is."""
    one = got.dim() == 0 and str(got.dtype) == "torch.bool"
    return bool(got.item()) if one else got


def _as_tensor(got: Any, like: Any) -> Any:
    """Lists of numbers, as which an array of numpy's arrives, as a tensor of `like`'s type."""
    if type(got) is not list or not like.is_floating_point():
        return got
    try:
        return like.new_tensor(got)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return got


def _same_tensor(got: Any, expected: Any, tolerance: float) -> bool:
    """The same shape and type, and no number further off than `tolerance` · the largest one."""
    if not is_tensor(got) or got.shape != expected.shape or got.dtype != expected.dtype:
        return False
    if not got.numel():
        return True
    if not expected.is_floating_point() and not expected.is_complex():
        return bool((got == expected).all())
    # A difference of small types can overflow, and is rounded.
    got, expected = (t.cdouble() if t.is_complex() else t.double() for t in (got, expected))
    off, largest = (got - expected).abs().max().item(), expected.abs().max().item()
    return math.isfinite(largest) and bool(off <= tolerance * largest)  # not where `off` is NaN


def differs(got: Any, want: Any, tolerance: float, absolute: float = 0.0) -> tuple[str, str]:
    """A name and advice for what no listed mistake explains: type and shape troubles first."""
    got = _as_tensor(got, want) if is_tensor(want) else got
    if got is None:
        return "nothing returned", "Your function returned None: is a `return` missing?"
    other = _another_kind(got, want)
    if other:
        return other
    if type(want) is not type(got) and not {type(want), type(got)} <= {int, float}:
        # Plain data has no tuples: one that was returned is a list by now.
        names = {"NoneType": "None", "list": "list or tuple"}
        kind, asked = (names.get(type(v).__name__, type(v).__name__) for v in (got, want))
        return "another type", f"The answer has type {kind}; {asked} was expected."
    if is_tensor(want):
        return _tensors_differ(got, want)
    if type(want) is dict:
        return _entries_differ(got, want, tolerance, absolute)
    return "", "The type is right, the value is not: work the call above out by hand."


def _another_kind(got: Any, want: Any) -> tuple[str, str] | None:
    """The name and advice where one call makes of `got` what was expected, or its type is off."""
    if is_tensor(got) and type(want) in (int, float, bool) and got.numel() != 1:
        one = "one truth value is, as .any() or .all()" if type(want) is bool else "one number is"
        return "many in place of one", f"{got.numel():,} values are not asked for, {one}."
    if is_tensor(got) and type(want) in (int, float):
        return "a tensor, not a number", "That is a tensor that holds a number: add .item()."
    if type(want) is int and type(got) is float:
        words = "A count is a whole number (int), this is a float"
        # Only where that gives the right one, or one beside it: of a share it would make 0.
        near = abs(got - want) < 2
        advice = ": use // or int(…)." if near else ", and far from it: work the call out by hand."
        return "not a whole number", words + advice
    if type(want) is bool and _is_number(got):
        return "not True or False", "Return True or False: bool(…) makes one of a number."
    if is_tensor(got) and is_tensor(want) and got.dtype != want.dtype and got.shape == want.shape:
        return _tensors_differ(got, want)
    return None


def _tensors_differ(got: Any, want: Any) -> tuple[str, str]:
    """The same for two tensors: shape, then type, then numbers."""
    if got.shape != want.shape:
        shapes = "×".join(map(str, got.shape)), "×".join(map(str, want.shape))
        if tuple(got.shape) == tuple(want.shape)[::-1]:
            return "transposed", f"The result is {shapes[0]}, not {shapes[1]}: turned on its side."
        return "another shape", f"The shape is {shapes[0]}; {shapes[1]} was expected."
    if got.dtype != want.dtype:
        types = (str(value.dtype).removeprefix("torch.") for value in (got, want))
        return "another dtype", "The type of the numbers is {}; {} was expected.".format(*types)
    return "", "Shape and type are right, the numbers are not: work the call above out by hand."


def _entries_differ(got: Any, want: Any, tolerance: float, absolute: float) -> tuple[str, str]:
    """The same for two dicts: other keys, or which entries are wrong."""
    missing = [key for key in want if key not in got]
    wrong = [
        key for key in want if key in got and not same(got[key], want[key], tolerance, absolute)
    ]
    if missing or not wrong:
        surplus = [key for key in got if key not in want]
        parts = {"Missing": missing, "not asked for": surplus}
        told = [f"{part}: {', '.join(map(show, keys))}" for part, keys in parts.items() if keys]
        return "other keys", f"The keys differ. {'; '.join(told)}."
    if all(_rounded(got[key], want[key]) for key in wrong):
        return "rounded", "Those figures are rounded: return them as they come out."
    kinds = {_of_entry(got[key], want[key], tolerance, absolute) for key in wrong}
    name, words = kinds.pop() if len(kinds) == 1 else ("", "")
    if name:
        return name, f"{', '.join(map(repr, wrong))}: {words}"
    if len(wrong) < len(want):
        return "", f"Look at {', '.join(map(repr, wrong))}: the other entries are right."
    which = f"{wrong[0]!r} is not right" if len(want) == 1 else "None of the entries is right"
    return "", f"{which}: work the call above out by hand."


def _of_entry(got: Any, want: Any, tolerance: float, absolute: float) -> tuple[str, str]:
    """The same for one entry of a dict."""
    if got is None:
        return "None in place of a value", "None stands there."
    return differs(got, want, tolerance, absolute)


def _is_number(value: Any) -> bool:
    """Whether it is a number, or a tensor of one."""
    return type(value) in (int, float) or (is_tensor(value) and value.numel() == 1)


def _rounded(got: Any, want: Any) -> bool:
    """Whether `got` is `want` rounded to a few decimals, either way, but not to nothing.

    Within one unit of its last decimal: 2·round(x) is rounded too, and is no round(2x).
    """
    number = _finite(got)
    if type(want) is not float or number is None:
        return False
    off = abs(number - want)
    if not off < abs(want) / 2:
        return False
    return any(number == round(number, digits) and off <= 10**-digits for digits in range(8))
