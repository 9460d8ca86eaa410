"""Explorers: move a slider, see the numbers change.

Sliders for names, too: JupyterLab takes the Up and Down of a list that drops down for itself, and
leaves the cell. A slider's Left and Right arrive.
"""

from __future__ import annotations

import html
from typing import Any

import ipywidgets as ipw

from lora_course.architectures import MODELS, TARGETS
from lora_course.estimators import WEIGHT_BYTES, estimate_model_memory
from lora_course.experiments import rank_sweep
from lora_course.plots import COLOURS, Picture, rank_curve
from lora_course.results import summarize
from lora_course.tasks.matching import MatchingTask

RANKS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
WIDE = ipw.Layout(width="28rem")
STYLE = {"description_width": "9rem", "handle_color": COLOURS[0]}  # seen on light and on dark pages
# As wide for every value, so that a slider's track keeps its length when it is moved.
READOUTS = "<style>.lora-explorer .widget-readout {min-width: 9em}</style>"
NO_CONTROLS = (
    "<p><em>No controls above? Run this cell in Jupyter. Still none: in a terminal, in the course's"
    " folder, <code>.venv/bin/lora-course doctor</code> says what is missing; then reload the"
    " page.</em></p>"
)

# Every bar has its name and number beside it, so no part is known by its colour alone.
PARTS = {
    "base_weights_mb": ("frozen base weights", COLOURS[0]),
    "activations_mb": ("saved activations", COLOURS[4]),
    "logits_mb": ("scores, while the loss is taken", "#56B4E9"),
    "adapter_mb": ("adapter", COLOURS[2]),
    "optimizer_mb": ("optimizer (two moments)", COLOURS[1]),
    "gradients_mb": ("gradients, as activations go", COLOURS[3]),
}


class Explorer(ipw.VBox):  # type: ignore[misc]
    """Controls above an HTML view; the view alone where widgets cannot be shown."""

    def __init__(self, controls: list[Any], view: ipw.HTML) -> None:
        super().__init__([*controls, ipw.HTML(READOUTS, layout={"display": "none"}), view])
        self.add_class("lora-explorer")
        self.view = view

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options)
        return bundle | {"text/html": self.view.value + NO_CONTROLS}


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
        "model": ipw.SelectionSlider(options=list(MODELS), value="Llama-3.1-8B"),
        "rank": ipw.SelectionSlider(options=RANKS, value=16),
        "targets": ipw.SelectionSlider(options=list(TARGETS), value="all linear"),
        "precision": ipw.SelectionSlider(options=list(WEIGHT_BYTES), value="bf16"),
        "batch_size": ipw.IntSlider(value=1, min=1, max=16),
        "seq_length": ipw.SelectionSlider(options=(256, 512, 1024, 2048, 4096, 8192), value=2048),
    }
    names = {
        "model": "model",
        "rank": "rank r",
        "targets": "target modules",
        "precision": "base precision",
        "batch_size": "batch size",
        "seq_length": "tokens a sequence",
    }
    for key, control in controls.items():
        control.description, control.style, control.layout = names[key], STYLE, WIDE
    output = ipw.HTML()

    def refresh(_change: object = None) -> None:
        values = {key: control.value for key, control in controls.items()}
        figures = estimate_model_memory(**values)
        share = figures["lora_params"] / MODELS[values["model"]].parameters()
        output.value = memory_bars(figures, _title(**values)) + (
            f"<p>{figures['lora_params']:,.0f} trainable parameters, {100 * share:.3f}% of the"
            f" model; the adapted matrices hold {figures['compression_vs_full']:,.0f} times as"
            " many parameters.</p><p>Activations are those without gradient checkpointing, which"
            " would cut them several times; <code>lora-course memory</code> answers for any"
            " model.</p>"
        )

    for control in controls.values():
        control.observe(refresh, names="value")
    refresh()
    return Explorer(list(controls.values()), output)


def planted_rank_explorer(true_ranks: tuple[int, ...] = (2, 4, 8, 16)) -> Explorer:
    """A slider for the matching task's true rank: the measured curve against its ceiling.

    Measuring takes seconds, so it runs when the slider is released, and each rank only once.
    """
    slider = ipw.SelectionSlider(
        options=true_ranks,
        value=true_ranks[len(true_ranks) // 3],
        description="true rank of D",
        continuous_update=False,
        style=STYLE,
        layout=WIDE,
    )
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
