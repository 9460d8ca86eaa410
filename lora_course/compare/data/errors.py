"""The error for data that cannot be used, and how its messages name and count things."""

from __future__ import annotations

from collections.abc import Iterable


class DataError(ValueError):
    """The data cannot be used; the message says what is wrong, where, and what to do."""


def printable(text: str) -> str:
    """For names and words of others in a message: nothing that steers a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)


def counted(number: int, noun: str) -> str:
    """A number with its noun, which is plural unless the number is 1."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def some(values: Iterable[str], most: int = 5) -> str:
    """The first few values, quoted and shortened, for a message."""
    shown = list(values)
    more = f" and {len(shown) - most:,} more" if len(shown) > most else ""
    return ", ".join(f"{value!r:.60}" for value in shown[:most]) + more


def first_line(error: Exception) -> str:
    """What another library's error says first, or its type where it says nothing."""
    line = next(iter(str(error).splitlines()), "") or type(error).__name__
    return printable(line[:200])
