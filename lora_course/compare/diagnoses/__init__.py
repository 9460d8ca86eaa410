"""What a comparison says beyond its choice: noise, or too little or too much rank or training."""

from lora_course.compare.diagnoses.diagnose import diagnose
from lora_course.compare.diagnoses.diagnosis import MEANINGS

__all__ = ["MEANINGS", "diagnose"]
