"""What a LoRA training step holds in memory: exact counts, and a peak traced without allocating.

Works for any configuration of transformers and any of PEFT's LoRA, on the meta device and with
fake tensors. Sizes are in bytes, unless a name ends in _mb (10^6 bytes).
"""

from __future__ import annotations

from lora_course.memory.adapter import lora_config
from lora_course.memory.configs import ConfigError, load_config
from lora_course.memory.counts import Count, count_parameters
from lora_course.memory.estimate import Estimate, estimate, estimate_ranks
from lora_course.memory.presets import PRESETS
from lora_course.memory.setting import Setting

__all__ = [
    "PRESETS",
    "ConfigError",
    "Count",
    "Estimate",
    "Setting",
    "count_parameters",
    "estimate",
    "estimate_ranks",
    "load_config",
    "lora_config",
]
