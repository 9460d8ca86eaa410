"""Adapters of many kinds, to try on every family."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lora_course.memory.validation.family import Family

Case = tuple[str, dict[str, Any]]
"""A name, and arguments of `peft.LoraConfig`."""


def adapters(family: Family) -> Iterator[Case]:
    """The adapters to try on every family."""
    first, second = family.attention
    yield "all-linear", {"r": 4, "target_modules": "all-linear"}
    yield "all-linear, rank 1", {"r": 1, "target_modules": "all-linear"}
    yield "two modules", {"r": 8, "target_modules": [first, second]}
    yield "one module, rank 32", {"r": 32, "target_modules": [second]}
    yield "PEFT's own targets", {"r": 4}
    yield (
        "rank pattern",
        {
            "r": 4,
            "target_modules": [first, second],
            "rank_pattern": {first: 2, rf".*1.*\.{second}": 16},
        },
    )
    yield "DoRA", {"r": 4, "target_modules": [first, second], "use_dora": True}
    yield "head saved", {"r": 4, "target_modules": [first], "modules_to_save": [family.head]}
    yield "regular expression", {"r": 4, "target_modules": rf".*\.(0|1)\..*{first}"}
    yield "PiSSA", {"r": 4, "target_modules": [first], "init_lora_weights": "pissa"}
    yield "biases", {"r": 4, "target_modules": [first], "bias": "all"}
    if family.text:
        yield "tokens", {"r": 4, "target_modules": [first], "trainable_token_indices": [3, 5, 7]}
