"""Figures of updates: their loss against rank; one update beside the nearest of a lower rank."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from lora_course.core.results import standard_error
from lora_course.core.spectrum import energy_shares, nearest, singular_values
from lora_course.display.plots import (
    COLOURS,
    Picture,
    mark_guess,
    mean_line,
    panels,
    rank_axis,
)
from lora_course.display.predict import Prediction


def losses_by_rank(
    curves: Mapping[str, Mapping[int, Sequence[float]]],
    ends: Mapping[str, Sequence[float]],
    guess: Prediction | None = None,
) -> Picture:
    """Held-out loss against rank, a line a curve (rank -> a loss a seed); `ends` have no rank.

    `guess`: at which rank the reader expects the curves to come together.
    """
    with panels() as (figure, (axes,)):
        said = []
        ranks = sorted({rank for by_rank in curves.values() for rank in by_rank})
        for style, (label, by_rank) in enumerate(curves.items()):
            means = {rank: statistics.fmean(losses) for rank, losses in by_rank.items()}
            errors = [standard_error(list(losses)) for losses in by_rank.values()]
            mean_line(axes, list(means), list(means.values()), errors, style, label)
            said.append(f"{label} " + ", ".join(f"r={r} {loss:.2f}" for r, loss in means.items()))
        for line, (label, losses) in zip(("k:", "k--"), ends.items(), strict=True):
            mean = statistics.fmean(losses)
            axes.plot([ranks[0], ranks[-1]], [mean, mean], line, linewidth=1.2, label=label)
            said.append(f"{label} {mean:.2f}")
        said += mark_guess(axes, guess)
        rank_axis(axes, ranks)
        axes.set_ylabel("held-out loss (nats a token)")
        axes.legend()
        return Picture(figure, "Held-out loss against rank: " + "; ".join(said) + ".")


def update_beside_nearest(update: Tensor, rank: int, name: str) -> Picture:
    """ΔW, its nearest matrix of rank r, and all its singular values with the first r marked."""
    near = nearest(update, rank)
    values = singular_values(update).tolist()
    share = energy_shares(update)[rank - 1].item()
    off = math.sqrt(max(0.0, 1 - share))
    scale = update.abs().max().item()
    with panels(3) as (figure, (left, middle, right)):
        for axes, matrix, title in (
            (left, update, "the update ΔW"),
            (middle, near, f"the nearest of rank {rank}"),
        ):
            _heat_map(axes, matrix, scale, title)
        right.plot(range(1, len(values) + 1), values, color=COLOURS[0])
        right.fill_between(range(1, rank + 1), values[:rank], color=COLOURS[1], alpha=0.5)
        right.set_title("singular values σ", fontsize=11)
        right.set_xlabel("direction")
        right.set_ylabel("σ")
        right.set_ylim(bottom=0)
        right.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        figure.set_size_inches(9.2, 3.3)
        return Picture(
            figure,
            f"Heat maps of the update of {name} and of the nearest matrix of rank {rank}, which"
            f" holds {share:.0%} of its energy and differs by {off:.0%} of its size, beside its"
            f" {len(values)} singular values, from {values[0]:.2g} to {values[-1]:.2g}.",
        )


def _heat_map(axes: Axes, matrix: Tensor, scale: float, title: str) -> None:
    axes.imshow(matrix.tolist(), cmap="PuOr", vmin=-scale, vmax=scale, aspect="auto")
    axes.grid(False)
    axes.set_title(title, fontsize=11)
    axes.set_xlabel("input")
    axes.set_ylabel("output")
    axes.xaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
