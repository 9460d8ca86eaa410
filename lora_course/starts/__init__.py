"""How an adapter starts: quiet, loud or not at all, and what that does to training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lora_course.lazy import loader

if TYPE_CHECKING:
    from lora_course.starts.explorer import start_explorer
    from lora_course.starts.figure import first_steps, loss_curves
    from lora_course.starts.start import STARTS, set_start
    from lora_course.starts.training import gradient_norms, train_from

_HOME = {
    "STARTS": "start",
    "first_steps": "figure",
    "gradient_norms": "training",
    "loss_curves": "figure",
    "set_start": "start",
    "start_explorer": "explorer",
    "train_from": "training",
}
__all__ = [
    "STARTS",
    "first_steps",
    "gradient_norms",
    "loss_curves",
    "set_start",
    "start_explorer",
    "train_from",
]

__getattr__ = loader(__name__, _HOME)
