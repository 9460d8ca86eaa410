"""Parts of libraries that are not theirs to promise: asked for by name, and missed out loud."""

from __future__ import annotations

from importlib import import_module
from operator import attrgetter
from typing import Any


class InternalsMovedError(RuntimeError):
    """A library's inside, which an estimate relies on, is not where it was."""


def internal(module: str, name: str, without: str) -> Any:
    """`module`.`name`, which may hold dots.

    InternalsMovedError, saying what would be wrong `without` it, if it is gone.
    """
    try:
        return attrgetter(name)(import_module(module))
    except (ImportError, AttributeError) as error:
        raise InternalsMovedError(
            f"{module} has no {name}: this version is newer or older than the estimator knows;"
            f" without it {without}"
        ) from error
