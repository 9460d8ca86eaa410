"""What a comparison says beyond its choice: noise, or too little or too much rank or training."""

from lora_course.compare.stories.diagnosis import diagnose
from lora_course.compare.stories.story import MEANINGS

__all__ = ["MEANINGS", "diagnose"]
