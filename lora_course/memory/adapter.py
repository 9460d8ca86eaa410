"""A LoRA configuration in short form: rank and targets by the names that people use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lora_course.arguments import whole
from lora_course.models.architectures import TARGETS
from lora_course.quiet import quiet

ALL_LINEAR = "all-linear"
DEFAULT = "default"  # what PEFT adapts in an architecture when nobody says


@quiet()
def lora_config(
    rank: int,
    targets: str | Iterable[str] = ALL_LINEAR,
    *,
    alpha: float | None = None,
    rank_pattern: Mapping[str, int] | None = None,
    dora: bool = False,
    modules_to_save: Iterable[str] | None = None,
    trainable_tokens: Iterable[int] | None = None,
) -> Any:
    """A `peft.LoraConfig`; alpha is the rank unless given (it changes no size).

    `targets`: "all-linear", "default" (PEFT's own for the architecture), one of the course's
    names ("query and value", "attention", "MLP", "all linear"), or names of modules.
    """
    from peft import LoraConfig

    return LoraConfig(
        r=whole("rank", rank),
        lora_alpha=rank if alpha is None else alpha,  # type: ignore[arg-type]  # any number
        target_modules=target_modules(targets),
        rank_pattern={
            name: whole(f"rank_pattern[{name!r}]", value)
            for name, value in (rank_pattern or {}).items()
        },
        use_dora=dora,
        modules_to_save=list(modules_to_save) if modules_to_save else None,
        trainable_token_indices=list(trainable_tokens) if trainable_tokens else None,
    )


def target_modules(targets: str | Iterable[str]) -> str | list[str] | None:
    """`targets` as PEFT's target_modules."""
    if targets == DEFAULT:
        return None
    if targets in (ALL_LINEAR, "all linear"):
        return ALL_LINEAR
    if isinstance(targets, str):
        return list(TARGETS.get(targets, (targets,)))
    names = list(targets)
    if not names:
        raise ValueError("targets=[]: is empty; name at least one module, or use 'all-linear'")
    return names
