"""The setting where nobody says: as long a sequence as a model takes, its weights as they lie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lora_course.memory.configs import ConfigError, stored_precision
from lora_course.memory.positions import usual_length
from lora_course.memory.setting import StepSetting


def usual_setting(config: Any, like: Mapping[str, Any] | None = None, **given: Any) -> StepSetting:
    """A setting with what is `given`; for the rest what suits the model of `config`, and what a
    trainer does by itself, `like`."""
    found = dict(like or {})
    stored = stored_precision(config)
    if stored is not None:
        found["precision"] = stored
    if "seq_length" not in given:
        usual = usual_length(config)
        found["seq_length"] = min(found.get("seq_length", usual), usual)
    return StepSetting(**(found | given))


def require_stored(config: Any, setting: StepSetting) -> None:
    """ConfigError where the weights lie in another precision than the setting's."""
    stored = stored_precision(config)
    if stored is not None and setting.precision != stored:
        raise ConfigError(
            f"precision={setting.precision!r}: this model's weights are stored as {stored}, and"
            f" loading keeps them so; give {stored!r}, or a configuration without"
            " quantization_config"
        )
