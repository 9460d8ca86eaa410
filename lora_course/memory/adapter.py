"""An adapter's configuration: PEFT's own, made of a rank and targets, or read from a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from lora_course.arguments import first_line, whole
from lora_course.memory.configs import read_fields
from lora_course.models.architectures import TARGETS
from lora_course.silence import silence_libraries

ALL_LINEAR = "all-linear"
DEFAULT = "default"  # what PEFT adapts in an architecture when nobody says
FILE = "adapter_config.json"
LISTS = ("modules_to_save", "target_parameters")  # PEFT would take a text letter by letter
NUMBERS = ("r", "lora_alpha", "lora_dropout")
BIASES = ("none", "all", "lora_only")
# Of a saved adapter: which kind it is, that it was saved to be used, and where from.
NOT_FIELDS = ("peft_type", "inference_mode", "auto_mapping", "peft_version")


class AdapterError(ValueError):
    """An adapter's configuration that cannot be used, and what to do about it."""


@silence_libraries()
def lora_config(
    rank: int,
    targets: str | Iterable[str] | None = ALL_LINEAR,
    *,
    alpha: float | None = None,
    rank_pattern: Mapping[str, int] | None = None,
    dora: bool = False,
    trainable_tokens: Iterable[int] | None = None,
    **more: Any,
) -> Any:
    """A `peft.LoraConfig`; alpha is the rank unless given (it changes no size).

    `targets`: "all-linear", "default" (PEFT's own for the architecture), one of the course's
    names ("query and value", "attention", "MLP", "all linear"), names of modules, or a regular
    expression as text. `more`: any other field of LoraConfig, such as lora_dropout, bias,
    layers_to_transform, target_parameters, modules_to_save, task_type. AdapterError for what PEFT
    refuses.
    """
    pattern = {
        name: whole(f"rank_pattern[{name!r}]", value)
        for name, value in (rank_pattern or {}).items()
    }
    return _made(
        {
            "r": whole("rank", rank),
            "lora_alpha": rank if alpha is None else alpha,
            "target_modules": target_modules(targets),
            "rank_pattern": pattern,
            "use_dora": dora,
            "trainable_token_indices": list(trainable_tokens) if trainable_tokens else None,
            **more,
        }
    )


def target_modules(targets: str | Iterable[str] | None) -> str | list[str] | None:
    """`targets` as PEFT's target_modules."""
    if targets is None or targets == DEFAULT:
        return None
    if targets in (ALL_LINEAR, "all linear"):
        return ALL_LINEAR
    if isinstance(targets, str):
        if any(sign in targets for sign in "*+?|()[]\\^$"):
            return targets  # PEFT matches a text against the whole of a module's name
        return list(TARGETS.get(targets, (targets,)))
    names = list(targets)
    if not names:
        raise ValueError("targets=[]: is empty; name at least one module, or use 'all-linear'")
    return names


def adapter_fields(source: str | Path) -> dict[str, Any]:
    """The fields of a saved adapter: a folder with adapter_config.json, or such a file.

    AdapterError where it is none, or is no LoRA.
    """
    path = Path(source)
    found = read_fields(path / FILE if path.is_dir() else path, FILE)
    kind = found.get("peft_type", "LORA")
    if str(kind).upper() != "LORA":
        raise AdapterError(f"{source}: peft_type={kind!r}: only LoRA is estimated")
    return found


@silence_libraries()
def adapter_from(found: Mapping[str, Any], **changed: Any) -> Any:
    """A `peft.LoraConfig` of a saved adapter's fields, some of them `changed`.

    AdapterError for a field that has a value and that the PEFT installed here does not know.
    """
    from peft import LoraConfig

    known = {field.name for field in fields(LoraConfig)}
    wanted = {name: value for name, value in found.items() if name not in NOT_FIELDS} | changed
    if wanted.get("init_lora_weights") == "loftq":  # needs packages, and changes values alone
        wanted |= {"init_lora_weights": True, "loftq_config": {}}
    unknown = sorted(name for name, value in wanted.items() if name not in known and value)
    if unknown:
        raise AdapterError(
            f"the adapter has {', '.join(f'{name}={wanted[name]!r}' for name in unknown)}, unknown"
            " to the PEFT installed here; a newer one may know it, or leave it out of a copy"
        )
    return _made({name: value for name, value in wanted.items() if name in known})


def _made(arguments: dict[str, Any]) -> Any:
    """The LoraConfig; what PEFT says of arguments that do not fit is said as one sentence."""
    from peft import LoraConfig

    _require_types(arguments)
    try:
        return LoraConfig(**arguments)
    except (TypeError, ValueError, ImportError) as error:  # some starts need another package
        raise AdapterError(f"no valid LoraConfig: {first_line(error)}") from error


def _require_types(arguments: Mapping[str, Any]) -> None:
    """AdapterError for what PEFT takes as it is, to fail or to do nothing much later."""

    def require(right: bool, name: str, allowed: str) -> None:
        if not right:
            raise AdapterError(f"{name}={arguments[name]!r}: must be {allowed}")

    for name in LISTS:
        require(not isinstance(arguments.get(name), str), name, "a list of names")
    for name in NUMBERS:
        value = arguments.get(name, 0)
        require(isinstance(value, Real) and not isinstance(value, bool), name, "a number")
    require(0 <= arguments.get("lora_dropout", 0) < 1, "lora_dropout", "from 0 to below 1")
    layers = arguments.get("layers_to_transform")
    listed = layers if isinstance(layers, list | tuple) else [layers]
    whole_numbers = all(isinstance(one, Integral) and not isinstance(one, bool) for one in listed)
    require(layers is None or whole_numbers, "layers_to_transform", "a layer's number, or a list")
    bias = arguments.get("bias", BIASES[0])
    require(bias in BIASES, "bias", f"one of {', '.join(BIASES)}")
