"""Read a practitioner's texts and labels, and say plainly what is wrong with a file."""

from lora_course.compare.data.table import DataError, DataSource
from lora_course.compare.data.texts import digest, load

__all__ = ["DataError", "DataSource", "digest", "load"]
