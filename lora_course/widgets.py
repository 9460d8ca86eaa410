"""Explorers of what a rank costs and of what it reaches: move a slider, see the numbers change."""

from __future__ import annotations

import html
from typing import Any

import ipywidgets as ipw

from lora_course.architectures import MODELS, TARGETS
from lora_course.estimators import WEIGHT_BYTES, estimate_model_memory
from lora_course.experiments import rank_sweep
from lora_course.explorer import Explorer, chooser, explorer
from lora_course.plots import COLOURS, Picture, rank_curve
from lora_course.results import summarize
from lora_course.tasks.matching import MatchingTask

RANKS = (1, 2, 4, 8, 16, 32, 64, 128, 256)

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
    number = "text-align:right;white-space:nowrap;padding:0 .8em;min-width:6rem"
    rows = "".join(
        f'<tr><th scope="row" style="text-align:left;font-weight:normal">{label}</th>'
        f'<td style="{number}">{_mb(figures[key])}</td>'
        f'<td style="width:16rem;text-align:left"><div aria-hidden="true" style="height:.9em;'
        f"min-width:1px;width:{100 * figures[key] / largest:.2f}%;background:{colour}"
        '"></div></td></tr>'
        for key, (label, colour) in PARTS.items()
    )
    return (
        f'<table style="border-collapse:collapse"><caption style="text-align:left">'
        f"<strong>{html.escape(title)}</strong></caption>{rows}"
        '<tr><th scope="row" style="text-align:left">at the fullest moment</th>'
        f'<td style="{number}"><strong>{_mb(figures["total_mb"])}</strong></td><td></td></tr>'
        "</table>"
    )


def rank_explorer() -> Explorer:
    """Model, rank, targets, precision, batch, sequence -> parameters, memory bars, compression."""
    controls: dict[str, Any] = {
        "model": chooser("model", list(MODELS), "Llama-3.1-8B"),
        "rank": chooser("rank r", RANKS, 16),
        "targets": chooser("target modules", list(TARGETS), "all linear"),
        "precision": chooser("base precision", list(WEIGHT_BYTES), "bf16"),
        "batch_size": chooser("batch size", range(1, 17), 1),
        "seq_length": chooser("tokens a sequence", (256, 512, 1024, 2048, 4096, 8192), 2048),
    }
    return explorer(controls, _memory_view)


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


def planted_rank_explorer(true_ranks: tuple[int, ...] = (2, 4, 8, 16)) -> Explorer:
    """A slider for the matching task's true rank: the measured curve against its ceiling.

    Measuring takes seconds, so it runs when the slider is released, and each rank only once.
    """
    middle = true_ranks[len(true_ranks) // 3]
    slider = chooser("true rank of D", true_ranks, middle, on_release=True)
    # The status line keeps its height when empty, so that the figure does not jump.
    status, output = ipw.HTML(layout=ipw.Layout(min_height="2em")), ipw.HTML()
    seen: dict[int, str] = {}

    def refresh(_change: object = None) -> None:
        true_rank = slider.value
        if true_rank not in seen:
            status.value = f"Training with true rank {true_rank}: a few seconds …"
            seen[true_rank] = _planted_curve(MatchingTask(true_rank=true_rank)).to_html()
        status.value = ""
        output.value = seen[true_rank]

    slider.observe(refresh, names="value")
    refresh()
    return Explorer([slider, status], output)


def _planted_curve(task: MatchingTask) -> Picture:
    """Two seeds at every rank, trained together, against theory."""
    ranks = (1, 2, 4, 8, 16, 32)
    runs = rank_sweep(task, ranks, seeds=(0, 1), mode="stacked", progress=False)
    ceiling = dict(zip(ranks, task.ceilings(ranks), strict=True))
    return rank_curve({f"true rank {task.true_rank}, measured": summarize(runs)}, ceiling)


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
