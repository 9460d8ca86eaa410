"""Choose how far A and B spread at the start: how loud is it, what moves, where does it lead?"""

from __future__ import annotations

import html
import math

import torch
from torch import Tensor, nn

from lora_course.explorer import Explorer, chooser, explorer
from lora_course.layers import LoRALinear, trainable_parameters
from lora_course.plots import COLOURS, DASHES, Picture, panels
from lora_course.training import threads

WIDTH, RANK, STEPS, LEARNING_RATE = 32, 4, 80, 0.02
SPREADS = (0.0, 0.01, 0.1, 1.0)
QUIET = (0.1, 0.0)  # beside it every other start is shown


def start_explorer() -> Explorer:
    """The spread of A and of B at the start -> the first gradients, and the loss of 80 steps.

    A linear layer of 32×32 learns a planted change of rank 4 by an adapter of rank 4.
    """
    controls = {
        "a": chooser("spread of A", SPREADS, 0.1, on_release=True),
        "b": chooser("spread of B", SPREADS, 0.0, on_release=True),
    }
    quiet = small_training(*QUIET)[0]

    def show(a: float, b: float) -> str:
        losses, first = small_training(a, b)
        words = "; ".join(f"{name} {value:.3g}" for name, value in first.items())
        return _curves(losses, quiet, a, b).to_html() + f"<p>{html.escape(words)}</p>"

    return explorer(controls, show)


def small_training(a: float, b: float, seed: int = 0) -> tuple[Tensor, dict[str, float]]:
    """Losses of the steps from a start with those spreads, and what the first step sees."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    base = nn.Linear(WIDTH, WIDTH, bias=False)
    with torch.no_grad():
        base.weight.copy_(normal(WIDTH, WIDTH) / math.sqrt(WIDTH))
    change = normal(WIDTH, RANK) @ normal(RANK, WIDTH) / WIDTH
    x = normal(256, WIDTH)
    targets = x @ (base.weight + change).detach().T
    layer = LoRALinear(base, RANK)
    with torch.no_grad():
        layer.lora_A.copy_(a * normal(RANK, WIDTH))
        layer.lora_B.copy_(b * normal(WIDTH, RANK))
    optimizer = torch.optim.Adam(trainable_parameters(layer), lr=LEARNING_RATE)
    first = {"change of the layer at the start: ‖ΔW‖ ÷ ‖W‖ =": _size(layer)}
    losses = torch.zeros(STEPS)
    with threads(1):
        for step in range(STEPS):
            optimizer.zero_grad()
            loss = ((layer(x) - targets) ** 2).mean()
            loss.backward()
            losses[step] = loss.detach()
            if step == 0:
                for part in ("A", "B"):
                    grad = getattr(layer, f"lora_{part}").grad
                    first[f"first gradient of {part}:"] = grad.norm().item()
            optimizer.step()
    return losses, first


def _size(layer: LoRALinear) -> float:
    return (layer.delta().norm() / layer.base.weight.norm()).item()


def _curves(losses: Tensor, quiet: Tensor, a: float, b: float) -> Picture:
    """This start's loss against step, and the quiet start's."""
    lines = {f"spread of A {a:g}, of B {b:g}": losses, "A 0.1, B 0: a quiet start": quiet}
    with panels() as (figure, (axes,)):
        for style, (label, values) in enumerate(lines.items()):
            axes.plot(values.tolist(), color=COLOURS[style], linestyle=DASHES[style], label=label)
        axes.set_yscale("log")
        axes.set_xlabel("step")
        axes.set_ylabel("loss (mean squared error)")
        axes.legend()
        return Picture(
            figure,
            f"Loss over {STEPS} steps from spreads {a:g} of A and {b:g} of B: from"
            f" {losses[0].item():.3g} to {losses[-1].item():.3g}; from a quiet start to"
            f" {quiet[-1].item():.3g}.",
        )
