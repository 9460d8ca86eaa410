"""What training does to weights: the updates of full tuning and of adapters, and their ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lora_course.lazy import loader

if TYPE_CHECKING:
    from lora_course.updates.explorer import update_explorer
    from lora_course.updates.figure import losses_by_rank
    from lora_course.updates.spectrum import energy_shares, nearest, singular_values
    from lora_course.updates.tuning import cut, loss_with, tune

_HOME = {
    "cut": "tuning",
    "energy_shares": "spectrum",
    "loss_with": "tuning",
    "losses_by_rank": "figure",
    "nearest": "spectrum",
    "singular_values": "spectrum",
    "tune": "tuning",
    "update_explorer": "explorer",
}
__all__ = [
    "cut",
    "energy_shares",
    "loss_with",
    "losses_by_rank",
    "nearest",
    "singular_values",
    "tune",
    "update_explorer",
]

__getattr__ = loader(__name__, _HOME)
