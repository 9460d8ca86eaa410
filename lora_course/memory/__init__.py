"""What a LoRA training step holds in memory: exact counts, and a peak traced without allocating.

Works for any configuration of transformers and any of PEFT's LoRA, on the meta device and with
fake tensors. Sizes are in bytes. Names load on first use: importing the package loads no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lora_course.lazy import loader

if TYPE_CHECKING:
    from lora_course.memory.adapter import adapter_fields, adapter_from, lora_config
    from lora_course.memory.configs import ConfigError, load_config
    from lora_course.memory.counts import Count
    from lora_course.memory.estimates import Estimate, count_parameters, estimate
    from lora_course.memory.full import full_tuning
    from lora_course.memory.presets import PRESETS
    from lora_course.memory.setting import StepSetting

_HOME = {
    "PRESETS": "presets",
    "ConfigError": "configs",
    "Count": "counts",
    "Estimate": "estimates",
    "StepSetting": "setting",
    "adapter_fields": "adapter",
    "adapter_from": "adapter",
    "count_parameters": "estimates",
    "estimate": "estimates",
    "full_tuning": "full",
    "load_config": "configs",
    "lora_config": "adapter",
}
__all__ = [
    "PRESETS",
    "ConfigError",
    "Count",
    "Estimate",
    "StepSetting",
    "adapter_fields",
    "adapter_from",
    "count_parameters",
    "estimate",
    "full_tuning",
    "load_config",
    "lora_config",
]

__getattr__ = loader(__name__, _HOME)
