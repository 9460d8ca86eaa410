"""The explorer of what a rank costs: move a slider, see the memory of a training step change."""

from __future__ import annotations

import html
from typing import Any

from lora_course.display.explorer import Explorer, buttons, chooser
from lora_course.display.plots import COLOURS
from lora_course.memory.closed_form import WEIGHT_BYTES, estimate_model_memory
from lora_course.models.architectures import MODELS, TARGETS

RANKS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
LENGTHS = (256, 512, 1024, 2048, 4096, 8192)

# Every bar has its name and number beside it, so no part is known by its colour alone.
PARTS = {
    "base_weights_mb": ("frozen base weights", COLOURS[0]),
    "activations_mb": ("saved activations", COLOURS[4]),
    "logits_mb": ("scores, while the loss is taken", "#56B4E9"),
    "adapter_mb": ("adapter", COLOURS[2]),
    "optimizer_mb": ("optimizer (two moments)", COLOURS[1]),
    "gradients_mb": ("gradients, as activations go", COLOURS[3]),
}


def memory_bars(figures: dict[str, float], title: str) -> str:
    """An HTML table with one bar a part: bytes as numbers, widths on one common scale."""
    largest = max(figures[key] for key in PARTS)
    number = "text-align:right;white-space:nowrap;padding:0 .8em"
    rows = "".join(
        f'<tr><th scope="row" style="text-align:left;font-weight:normal">{label}</th>'
        f'<td style="{number}">{_mb(figures[key])}</td>'
        f'<td style="width:35%;text-align:left"><div aria-hidden="true" style="height:.9em;'
        f"min-width:1px;width:{100 * figures[key] / largest:.2f}%;background:{colour}"
        '"></div></td></tr>'
        for key, (label, colour) in PARTS.items()
    )
    return (
        '<table style="border-collapse:collapse;width:100%;max-width:40rem">'
        '<caption style="text-align:left">'
        f"<strong>{html.escape(title)}</strong></caption>{rows}"
        '<tr><th scope="row" style="text-align:left">at the fullest moment</th>'
        f'<td style="{number}"><strong>{_mb(figures["total_mb"])}</strong></td><td></td></tr>'
        "</table>"
    )


def rank_explorer() -> Explorer:
    """Model, rank, targets, precision, batch, sequence -> parameters, memory bars, compression."""
    controls: dict[str, Any] = {
        "model": buttons("model", list(MODELS), "Llama-3.1-8B"),
        "rank": chooser("rank r", RANKS, 16, few=(4, 16, 64, 256)),
        "targets": buttons("target modules", list(TARGETS), "all linear"),
        "precision": buttons("base precision", list(WEIGHT_BYTES), "bf16"),
        "batch_size": chooser("batch size", range(1, 17), 1, few=(1, 8)),
        "seq_length": chooser("tokens a sequence", LENGTHS, 2048, few=(256, 2048, 8192)),
    }
    return Explorer(controls, _memory_view)


def _memory_view(**values: Any) -> str:
    """The memory bars of these settings, and what they come to, as HTML."""
    figures = estimate_model_memory(**values)
    share = figures["lora_params"] / MODELS[values["model"]].parameters()
    return memory_bars(figures, _title(**values)) + (
        f"<p>{figures['lora_params']:,.0f} trainable parameters, {100 * share:.3f}% of the"
        f" model; the adapted matrices hold {figures['compression_vs_full']:,.0f} times as"
        " many parameters.</p><p>Activations are those without gradient checkpointing, which"
        " would cut them several times; <code>lora-course memory</code> answers for any"
        " model.</p>"
    )


def _title(
    model: str, rank: int, targets: str, precision: str, batch_size: int, seq_length: int
) -> str:
    """The settings in one line."""
    return f"{model} in {precision}, rank {rank}, {targets}, {batch_size}×{seq_length:,} tokens"


def _mb(value: float) -> str:
    """A size in MB or GB with a sensible number of digits."""
    if value < 1000:
        return f"{value:,.1f} MB"
    return f"{value / 1000:,.2f} GB" if value < 100_000 else f"{value / 1000:,.0f} GB"
