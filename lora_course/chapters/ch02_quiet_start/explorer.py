"""Choose how far A and B spread at the start: how loud is it, what moves, where does it lead?"""

from __future__ import annotations

import html

import torch
from torch import Tensor

from lora_course.core.planted import ERROR, PlantedLayer
from lora_course.display.explorer import Explorer, chooser
from lora_course.display.plots import loss_lines

WIDTH, RANK, STEPS, LEARNING_RATE = 32, 4, 80, 0.02
SPREADS = (0.0, 0.01, 0.1, 1.0)
QUIET = (0.1, 0.0)  # beside it every other start is shown


def start_explorer() -> Explorer:
    """The spread of A and of B at the start -> the first gradients, and the loss of 80 steps.

    A linear layer of 32×32 learns a planted change of rank 4 by an adapter of rank 4.
    """
    controls = {
        "a": chooser("spread of A", SPREADS, 0.1, on_release=True),
        "b": chooser("spread of B", SPREADS, 1.0, on_release=True),
    }
    quiet = small_training(*QUIET)[0]

    def show(a: float, b: float) -> str:
        losses, first = small_training(a, b)
        words = "; ".join(f"{name} {value:.3g}" for name, value in first.items())
        paths = {f"spread of A {a:g}, of B {b:g}": losses, "A 0.1, B 0: a quiet start": quiet}
        return loss_lines(paths, ERROR, log=True).to_html() + f"<p>{html.escape(words)}</p>"

    return Explorer(controls, show)


def small_training(a: float, b: float) -> tuple[Tensor, dict[str, float]]:
    """Losses of the steps from a start with those spreads, and what the first step sees."""
    task = PlantedLayer(WIDTH, RANK)
    layer = task.adapted(RANK)
    with torch.no_grad():
        layer.lora_A.copy_(a * task.normal(RANK, WIDTH))
        layer.lora_B.copy_(b * task.normal(WIDTH, RANK))
        size = (layer.delta().norm() / task.weight.norm()).item()
    losses, gradients = task.train(layer, "Adam", LEARNING_RATE, STEPS)
    first = {"change of the layer at the start: ‖ΔW‖ ÷ ‖W‖ =": size}
    for part, gradient in zip("AB", gradients, strict=True):
        first[f"first gradient of {part}:"] = gradient.norm().item()
    return losses, first
