"""Figures: one style, axis labels with units, alt text, readable on light and dark pages."""

from __future__ import annotations

import base64
import html
import io
import math
import os
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from lora_course.core.results import RankSummary

if TYPE_CHECKING:
    from torch import Tensor

    from lora_course.display.predict import Prediction

# Set, to the notebook's path, in the kernels that a Jupyter server starts, and in no others.
SERVED = "JPY_SESSION_NAME"

# Okabe and Ito's palette: told apart with every common kind of colour blindness. Line style and
# marker differ too, so no curve is known by its colour alone.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
MARKERS = ("o", "s", "^", "D", "v")
DASHES = ("-", "--", "-.", ":", (0, (5, 1)))

LABEL_LETTERS = 32  # in a line of a y label: what fits the height of `panels`

STYLE: dict[Any, Any] = {
    "figure.facecolor": "#ffffff",
    "axes.facecolor": "#ffffff",
    "axes.edgecolor": "#555555",
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 11,
    "grid.color": "#dddddd",
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.markersize": 6,
}


# Dots an inch of the pictures that are made; a page of many views takes fewer.
_DOTS: ContextVar[int] = ContextVar("dots", default=150)


@contextmanager
def resolution(dots: int) -> Iterator[None]:
    """Pictures that are made inside have so many dots an inch."""
    before = _DOTS.set(dots)
    try:
        yield
    finally:
        _DOTS.reset(before)


class Picture:
    """A finished figure: shown in a notebook as an image with alt text on a white card.

    The card is opaque, so the figure reads the same on a dark page.
    """

    def __init__(self, figure: Figure, alt: str) -> None:
        self.alt = alt
        self.width = round(figure.get_size_inches()[0] * 72 * 1.25)
        buffer = io.BytesIO()
        # No software or date stamp: the same figure gives the same bytes.
        figure.savefig(buffer, format="png", dpi=_DOTS.get(), metadata={"Software": None})
        self.png = buffer.getvalue()
        self._figure = figure

    def svg(self) -> bytes:
        """The picture as an SVG file: letters as outlines, the alt text as its title."""
        buffer = io.BytesIO()
        stamps = {"Date": None, "Creator": None, "Title": self.alt}
        # A fixed salt for the ids, and no date: the same figure gives the same bytes.
        with rc_context({**STYLE, "svg.hashsalt": "lora-course"}):
            self._figure.savefig(buffer, format="svg", metadata=stamps)
        return buffer.getvalue()

    def to_html(self) -> str:
        """The picture as one <img> element, data included."""
        data = base64.b64encode(self.png).decode()
        return (
            f'<img alt="{html.escape(self.alt)}" src="data:image/png;base64,{data}"'
            f' width="{self.width}"'
            ' style="max-width:100%;height:auto;border-radius:8px;margin:6px 0">'
        )

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, str] | tuple[dict[str, str], dict[str, dict[str, object]]]:
        """A PNG with its alt text beside it; as HTML where a Jupyter server shows it.

        JupyterLab shows no alt text of a PNG; and GitHub shows no image that is written into HTML.
        A saved solution, run by no server, is read there: so each gets the one it can show, once.
        """
        words = {"text/plain": f"[figure: {self.alt}]"}
        if os.environ.get(SERVED):
            return words | {"text/html": self.to_html()}
        png = base64.b64encode(self.png).decode()
        said: dict[str, object] = {"alt": self.alt, "width": self.width}
        return words | {"image/png": png}, {"image/png": said}


@contextmanager
def panels(columns: int = 1) -> Iterator[tuple[Figure, list[Axes]]]:
    """A figure in the course's style, without pyplot's global state."""
    with rc_context(STYLE):
        figure = Figure(figsize=(7.6, 3.6), layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1))
        yield figure, list(figure.subplots(1, columns, squeeze=False)[0])


def rank_axis(axes: Axes, ranks: Sequence[int]) -> None:
    """Ranks from left to right, each doubling a step, with a tick for each of `ranks`."""
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(ranks), [str(rank) for rank in ranks])
    axes.minorticks_off()
    axes.set_xlabel("rank r")


def y_label(axes: Axes, text: str) -> None:
    """Name the y axis, in several lines where one would be longer than the figure is high.

    The layout makes room for a label's height, never for its length: what is too long is cut off.
    """
    axes.set_ylabel("\n".join(textwrap.wrap(text, LABEL_LETTERS)))


def line_style(place: int) -> dict[str, Any]:
    """How the line at `place` among those of a figure is told apart: colour, marker, dashes."""
    return {"color": COLOURS[place], "marker": MARKERS[place], "linestyle": DASHES[place]}


def mean_line(
    axes: Axes,
    places: Sequence[float],
    means: Sequence[float],
    errors: Sequence[float],
    style: int,
    label: str,
) -> list[float]:
    """Means with standard errors as bars at `places`, such as ranks; returns where the bars end.

    `style` counts through COLOURS. An error that is NaN, of a single run, gets no bar.
    """
    lengths = [0.0 if math.isnan(error) else error for error in errors]
    axes.errorbar(
        places,
        means,
        yerr=lengths,
        capsize=4,
        label=label,
        **line_style(style),
    )
    pairs = zip(means, lengths, strict=True)
    return [mean + side * length for mean, length in pairs for side in (-1, 1)]


def mark_guess(axes: Axes, guess: Prediction | None, axis: str = "x") -> list[str]:
    """A dotted line where the reader guessed, at that value of an axis; its words for the alt text.

    Nothing, and no words, where there is no guess.
    """
    if guess is None or not guess.made:
        return []
    line = axes.axvline if axis == "x" else axes.axhline
    line(guess.value, color="#555555", linestyle=":", linewidth=2.2, label="your guess")
    return [f"your guess {guess.value}"]


def rank_curve(
    curves: Mapping[str, Sequence[RankSummary]],
    ceiling: Mapping[int, float] | None = None,
    chosen: int | None = None,
    guess: Prediction | None = None,
) -> Picture:
    """Held-out accuracy against rank, one line a curve, with standard errors over seeds.

    `ceiling`: rank -> the best accuracy any update of that rank can reach, drawn dashed. `guess`:
    the rank that the reader expects.
    """
    with panels() as (figure, (axes,)):
        said = []
        ranks = sorted({row.rank for rows in curves.values() for row in rows} | set(ceiling or ()))
        if ceiling:
            axes.plot(*zip(*sorted(ceiling.items()), strict=True), "k--", label="ceiling (theory)")
            said.append("ceiling " + _pairs(ceiling))
        for index, (label, rows) in enumerate(curves.items()):
            style = index % len(COLOURS)
            means = [row.accuracy for row in rows]
            errors = [row.standard_error for row in rows]
            mean_line(axes, [row.rank for row in rows], means, errors, style, label)
            said.append(f"{label} " + _pairs({row.rank: row.accuracy for row in rows}))
        if chosen is not None:
            axes.axvline(chosen, color="#777777", linewidth=1)
            axes.annotate(
                f"chosen: {chosen}",
                (chosen, 0.03),
                xycoords=("data", "axes fraction"),
                xytext=(5, 0),
                textcoords="offset points",
            )
            said.append(f"chosen rank {chosen}")
        said += mark_guess(axes, guess)
        rank_axis(axes, ranks)
        axes.set_ylabel("held-out accuracy (share)")
        axes.legend()
        return Picture(figure, "Held-out accuracy against rank: " + "; ".join(said) + ".")


def loss_curve(losses: Tensor) -> Picture:
    """Training loss against step, (steps,) or (steps, runs): faint, and bold as a running mean."""
    losses = losses.double()
    if losses.dim() > 1:
        losses = losses.mean(-1)
    width = max(1, len(losses) // 30)
    smooth = losses.unfold(0, width, 1).mean(-1)
    with panels() as (figure, (axes,)):
        axes.plot(range(1, len(losses) + 1), losses.tolist(), color=COLOURS[0], alpha=0.3)
        centre = width // 2 + 1
        axes.plot(range(centre, centre + len(smooth)), smooth.tolist(), color=COLOURS[0])
        axes.set_xlabel("training step")
        axes.set_ylabel("training loss (nats)")
        return Picture(
            figure,
            f"Training loss over {len(losses)} steps, from {smooth[0].item():.3f}"
            f" to {smooth[-1].item():.3f} nats.",
        )


def loss_lines(curves: Mapping[str, Tensor], what: str, *, log: bool = False) -> Picture:
    """Training loss, named with its unit by `what`, against step: a line for each (steps,)."""
    with panels() as (figure, (axes,)):
        said = []
        for style, (label, losses) in enumerate(curves.items()):
            axes.plot(
                range(1, len(losses) + 1),
                losses.tolist(),
                color=COLOURS[style],
                linestyle=DASHES[style],
                label=label,
            )
            said.append(f"{label}: from {losses[0].item():.3g} to {losses[-1].item():.3g}")
        if log:
            axes.set_yscale("log")
        axes.set_xlabel("step")
        y_label(axes, what)
        axes.legend()
        return Picture(figure, f"{what[0].upper()}{what[1:]} against step. {'; '.join(said)}.")


def _pairs(values: Mapping[int, float]) -> str:
    """The values as words: r=4 0.751, r=8 0.764."""
    return ", ".join(f"r={rank} {value:.3f}" for rank, value in sorted(values.items()))
