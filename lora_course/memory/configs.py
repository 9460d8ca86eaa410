"""A model's configuration, from wherever it is given, never its code or weights."""

from __future__ import annotations

import json
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from lora_course.arguments import first_line
from lora_course.hub import fetched
from lora_course.memory.presets import PRESETS
from lora_course.silence import silence_libraries

FILE = "config.json"
MAX_CONFIG = 1_000_000  # bytes: real ones have a few thousand
MAX_LAYERS = 2_000  # real ones have up to some hundreds; each is built
LAYERS = ("num_hidden_layers", "num_layers", "n_layer", "num_decoder_layers", "encoder_layers")
# What the setting chooses; and a name of a kernel on the Hub is code.
CHOSEN = ("attn_implementation", "_attn_implementation", "_experts_implementation")


class ConfigError(ValueError):
    """A configuration that cannot be used, and what to do about it."""


@silence_libraries()
def load_config(model: Any) -> Any:
    """The transformers configuration behind `model`.

    `model`: a name in PRESETS, a folder with a config.json, such a file, a Hub id (needs a
    network), a dict with a config.json's fields, or a configuration itself. ConfigError for an
    architecture that transformers does not know, and for one that brings code of its own.
    """
    from transformers import PreTrainedConfig

    if isinstance(model, PreTrainedConfig):
        return model
    if isinstance(model, dict):
        return config_from(model, "the configuration given")
    return config_from(fields_of(model), str(model))


def fields_of(model: str | Path) -> dict[str, Any]:
    """The fields of a model's config.json, for a name, a path or a Hub id; ConfigError without any.

    Loads neither torch nor transformers: a name that is none is told at once.
    """
    name = str(model)
    if name in PRESETS:
        return PRESETS[name]
    path = Path(model)
    if path.exists():
        return read_fields(path / FILE if path.is_dir() else path, FILE)
    if name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise ConfigError(f"model={name!r}: there is no such file or folder")
    try:
        return read_fields(fetched(name, FILE), FILE)
    except ConfigError:
        raise
    except Exception as error:  # of the Hub, the network, the name: many kinds
        near = get_close_matches(name, PRESETS, n=3)
        meant = f" Did you mean {' or '.join(near)}?" if near else ""
        raise ConfigError(
            f"model={name!r}: is no well-known name (--list shows them) and no folder here, and"
            f" could not be fetched from the Hub: {first_line(error)}{meant}"
        ) from error


def read_fields(path: Path, kind: str) -> dict[str, Any]:
    """The fields of a file of JSON, which is to be a `kind`; ConfigError where it is none."""
    try:
        if path.stat().st_size > MAX_CONFIG:
            raise ConfigError(f"{path}: is no {kind}: it has {path.stat().st_size:,} bytes")
        fields = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: is not there; give the folder that holds {kind}") from error
    except (OSError, UnicodeDecodeError, RecursionError, json.JSONDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as JSON: {first_line(error)}") from error
    if not isinstance(fields, dict):
        raise ConfigError(f"{path}: holds a {type(fields).__name__}, not a configuration")
    return fields


def config_from(fields: dict[str, Any], name: str) -> Any:
    """The configuration of a config.json's fields, checked before anything is built of them."""
    from transformers import CONFIG_MAPPING, AutoConfig

    kind = fields.get("model_type")
    if "auto_map" in fields and not _known(fields):
        raise ConfigError(
            f"model={name!r}: brings code of its own (auto_map), which is not run here, for an"
            f" architecture that transformers does not have: {fields.get('architectures')!r}. Where"
            " it is built like one that it has, name that one in a copy of config.json"
        )
    if not isinstance(kind, str) or kind not in CONFIG_MAPPING:
        raise ConfigError(
            f"model={name!r}: model_type={kind!r} is no architecture of the transformers installed"
            f" here, which knows {len(CONFIG_MAPPING)}, such as llama, qwen3, gpt2, bert, t5, vit;"
            " a newer transformers may know it"
        )
    _require_known_quantisation(fields.get("quantization_config"), name)
    for part in (fields, *(value for value in fields.values() if isinstance(value, dict))):
        for key in LAYERS:
            if isinstance(part.get(key), int) and part[key] > MAX_LAYERS:
                raise ConfigError(f"model={name!r}: {key}={part[key]:,}: at most {MAX_LAYERS:,}")
    left_out = ("model_type", "auto_map", *CHOSEN)
    rest = {key: value for key, value in fields.items() if key not in left_out}
    try:
        config = AutoConfig.for_model(kind, **rest)
    except Exception as error:  # fields of a wrong type or value: each class says it in its own way
        said = " ".join(str(error).split())[:300]
        raise ConfigError(f"model={name!r}: is no valid {kind} configuration: {said}") from error
    # T5's kin say "tied" whatever the file says.
    config.has_own_head = fields.get("tie_word_embeddings") is False and config.tie_word_embeddings
    return config


def _known(fields: dict[str, Any]) -> bool:
    """Whether transformers has the architectures that a configuration names: then its own classes
    are built, and what the configuration brings is not needed."""
    import transformers

    names = fields.get("architectures")
    return (
        isinstance(names, list)
        and bool(names)
        and all(isinstance(name, str) and hasattr(transformers, name) for name in names)
    )


# Of these, loading for training makes bf16 again.
DEQUANTISED = ("mxfp4",)


def _require_known_quantisation(found: Any, name: str) -> None:
    """ConfigError for stored weights of a kind whose layers are not estimated here."""
    method = found.get("quant_method") if isinstance(found, dict) else found
    if found and method not in ("bitsandbytes", *DEQUANTISED):
        raise ConfigError(
            f"model={name!r}: its weights are quantised already, by {method!r}, which is not"
            " estimated here (bitsandbytes' 4 and 8 bits are); for another precision remove"
            " quantization_config from a copy of config.json"
        )


def stored_precision(config: Any) -> str | None:
    """The precision, one of setting.PRECISIONS, in which a model's weights are stored quantised;
    None where they are not, or where training makes 16 bits of them."""
    found = quantisation(config)
    if found.get("quant_method") != "bitsandbytes":
        return None
    if found.get("load_in_8bit"):
        return "int8"
    return "nf4" if found.get("bnb_4bit_use_double_quant") else "nf4-single"


def quantisation(config: Any) -> dict[str, Any]:
    """A configuration's quantization_config as a dict; empty without one."""
    found = getattr(config, "quantization_config", None) or {}
    return dict(found if isinstance(found, dict) else found.to_dict())
