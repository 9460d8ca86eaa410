"""What an object of a learner's class holds, read so that nothing of that class runs.

`value.name` can run a property or __getattribute__, and `type(value).name` a metaclass. The
descriptors that Python itself made, and that no class can replace, read past all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any

_NAME, _ORDER, _CONTENT = (type.__dict__[name] for name in ("__name__", "__mro__", "__dict__"))


def type_name(kind: type) -> str:
    """The name of a class."""
    return str(_NAME.__get__(kind))


def dataclass_fields(value: Any) -> dict[str, Any] | None:
    """The fields that are stored in a dataclass's `value`; None for any other object."""
    classes = [_by_name(_CONTENT.__get__(one)) for one in _ORDER.__get__(type(value))]
    declared = _first(classes, "__dataclass_fields__")
    if type(declared) is not dict:
        return None
    stored = _instance_dict(value, classes)
    for name in _by_name(declared):
        slot = _first(classes, name)
        if type(slot) is MemberDescriptorType:  # a field of a class with slots
            with suppress(AttributeError, TypeError):  # nothing is in it, or it is another class's
                stored[name] = slot.__get__(value)
    return {name: stored[name] for name in _by_name(declared) if name in stored}


def _instance_dict(value: Any, classes: list[dict[str, Any]]) -> dict[str, Any]:
    """What is stored in the instance's own dict; nothing where it has none."""
    for content in classes:
        own = content.get("__dict__")
        if type(own) is GetSetDescriptorType:
            return _by_name(own.__get__(value))
    return {}


def _first(classes: list[dict[str, Any]], name: str) -> Any:
    """What the first class to have it has under `name`; None where none has it."""
    return next((content[name] for content in classes if name in content), None)


def _by_name(content: Mapping[Any, Any]) -> dict[str, Any]:
    """The entries under plain names: a look-up would ask any other key whether it is equal."""
    items = dict.items(content) if isinstance(content, dict) else content.items()
    return {name: item for name, item in items if type(name) is str}
