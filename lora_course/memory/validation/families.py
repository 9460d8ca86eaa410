"""All small models of the validation, by name."""

from __future__ import annotations

from lora_course.memory.validation.decoders import DECODERS, MORE_DECODERS
from lora_course.memory.validation.encoders import ENCODERS, MORE_ENCODERS
from lora_course.memory.validation.family import Family
from lora_course.memory.validation.senses import MORE_SENSES, SENSES

FAMILIES: dict[str, Family] = {**DECODERS, **ENCODERS, **SENSES}
"""Those that everything is measured on."""
EVERY: dict[str, Family] = {
    **DECODERS,
    **MORE_DECODERS,
    **ENCODERS,
    **MORE_ENCODERS,
    **SENSES,
    **MORE_SENSES,
}
"""And all others, for counts."""
