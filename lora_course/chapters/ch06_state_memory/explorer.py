"""What a reader moves: optimizer, rank and precision, against bytes a trained parameter."""

from __future__ import annotations

import html
from functools import cache
from typing import Any

from lora_course.chapters.ch06_state_memory.experiment import (
    GRADIENTS,
    SHIPPED,
    STATE,
    WEIGHTS,
    adapter,
    bytes_a_parameter,
)
from lora_course.chapters.ch06_state_memory.figure import LOOKS
from lora_course.display.explorer import Explorer, buttons, chooser
from lora_course.models.architectures import MODELS

OPTIMIZERS = {
    "SGD": "sgd",
    "SGD with momentum": "sgd-momentum",
    "AdamW": "adamw",
    "8-bit AdamW": "adamw-8bit",
}
SHAPES = {"the course's model": SHIPPED, "Llama-3.1-8B": MODELS["Llama-3.1-8B"]}
RANKS = (1, 2, 4, 8, 16, 32, 64)
WIDEST = 16.0  # bytes: the length of a whole bar


def state_explorer() -> Explorer:
    """Optimizer, rank, adapter precision, model -> bytes a trained parameter as a stacked bar."""
    controls: dict[str, Any] = {
        "optimizer": buttons("optimizer", list(OPTIMIZERS), "8-bit AdamW"),
        "rank": chooser("rank r", RANKS, 8, few=(8, 64)),
        "precision": buttons("adapter in", ("fp32", "bf16"), "fp32"),
        "model": buttons("model", list(SHAPES), "the course's model"),
    }
    return Explorer(controls, _view)


@cache
def _view(optimizer: str, rank: int, precision: str, model: str) -> str:
    """A bar of three parts, each with its number in words below."""
    parts = bytes_a_parameter(SHAPES[model], rank, OPTIMIZERS[optimizer], precision)
    total = sum(parts.values())
    trained = sum(parameter.numel() for parameter in adapter(SHAPES[model], rank))
    bar = "".join(
        f'<div style="width:{100 * parts[kind] / WIDEST:.2f}%;background:{LOOKS[kind][0]}"></div>'
        for kind in (WEIGHTS, GRADIENTS, STATE)
    )
    said = "".join(
        f'<li><span aria-hidden="true" style="color:{LOOKS[kind][0]}">■</span> '
        f"{kind}: {parts[kind]:.3f} bytes</li>"
        for kind in (WEIGHTS, GRADIENTS, STATE)
    )
    title = html.escape(f"{optimizer}, rank {rank}, adapter in {precision}, {model}")
    return (
        f"<p><strong>{title}</strong>: {total:.3f} bytes a trained parameter, of {trained:,}:"
        f" {total * trained / 1e6:,.2f} MB</p>"
        '<div aria-hidden="true" style="display:flex;height:1.4em;max-width:40rem;'
        f'border:1px solid #888">{bar}</div>'
        f'<ul style="list-style:none;padding-left:0">{said}</ul>'
    )
