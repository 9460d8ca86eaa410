"""What alpha, the learning rate and the start do together: paths, first steps, best rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lora_course.lazy import loader

if TYPE_CHECKING:
    from lora_course.scale.explorer import path_explorer
    from lora_course.scale.figure import draw_rates, draw_steps
    from lora_course.scale.first_step import first_steps, growth
    from lora_course.scale.paths import apart, trace
    from lora_course.scale.rates import RULES, best_rate, by_rate

_HOME = {
    "RULES": "rates",
    "apart": "paths",
    "best_rate": "rates",
    "by_rate": "rates",
    "draw_rates": "figure",
    "draw_steps": "figure",
    "first_steps": "first_step",
    "growth": "first_step",
    "path_explorer": "explorer",
    "trace": "paths",
}
__all__ = [
    "RULES",
    "apart",
    "best_rate",
    "by_rate",
    "draw_rates",
    "draw_steps",
    "first_steps",
    "growth",
    "path_explorer",
    "trace",
]

__getattr__ = loader(__name__, _HOME)
