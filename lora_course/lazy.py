"""Names of a package that load on first use, so that importing the package stays cheap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def loader(package: str, home: Mapping[str, str]) -> Callable[[str], Any]:
    """A package's `__getattr__`: from a name in `home`, import the module of it that holds it."""

    def load(name: str) -> Any:
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        try:
            module = import_module(f"{package}.{home[name]}")
        except (ImportError, OSError) as error:  # OSError: of a library that torch cannot load
            raise ImportError(
                f"{name} needs a package that cannot be imported here ({error})."
                " In a terminal, `lora-course doctor` says what to do."
            ) from error
        return getattr(module, name)

    return load
