"""The machine and the versions that a measurement belongs to."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path


def cpu_model() -> str:
    """The processor's name, as far as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        match = re.search(r"^model name\s*: (.+)$", info.read_text(encoding="utf-8"), re.MULTILINE)
        if match:
            return match[1].strip()
    return platform.processor() or platform.machine()


def machine() -> dict[str, str]:
    """Processor, cores, system, and versions."""
    return {
        "cpu": cpu_model(),
        "cores": str(os.cpu_count()),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": version("torch"),
        "peft": version("peft"),
    }
