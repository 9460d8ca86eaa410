"""The figure of a report: the metric against rank, held out and on training examples, and ends."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from matplotlib.axes import Axes

from lora_course.compare.paired import choose, finite
from lora_course.compare.records import Comparison
from lora_course.compare.rows import RankRow, amount, axis_label, in_order, name_of, rows
from lora_course.display.plots import (
    COLOURS,
    DASHES,
    MARKERS,
    Picture,
    mean_line,
    panels,
    rank_axis,
)


def draw_ranks(comparison: Comparison) -> Picture:
    """The metric against rank: held out with standard errors and a dot a run; training; ends."""
    table = rows(comparison)
    ranked = [row for row in table if isinstance(row.rank, int)]
    ends = [row for row in table if not isinstance(row.rank, int)]
    with panels() as (figure, (axes,)):
        figure.set_size_inches(6.4, 4.2)  # narrow, so that a phone can show it
        # A $ in a name would start a formula.
        axes.set_ylabel(axis_label(comparison.metric).replace("$", r"\$"))
        if not table:
            axes.set_xlabel("rank r")
            axes.text(0.5, 0.5, "no run has finished yet", ha="center", transform=axes.transAxes)
            return Picture(figure, "No run has finished yet.")
        said = _draw_ranks(axes, comparison, ranked) if ranked else []
        if not ranked:
            axes.set_xticks([])
            axes.set_xlabel("no rank has finished yet")
            axes.set_ylim(*widened([row.score for row in ends], 0.3))
        said += draw_ends(axes, ends)
        if ranked:
            handles, labels = axes.get_legend_handles_labels()
            order = sorted(range(len(labels)), key=lambda i: labels[i])  # held out comes first
            axes.legend(
                [handles[i] for i in order],
                [labels[i] for i in order],
                loc="upper center",
                bbox_to_anchor=(0.5, 1.15),
                ncols=2,
            )
        return Picture(figure, f"{axis_label(comparison.metric)} by rank: {'; '.join(said)}.")


def _draw_ranks(axes: Axes, comparison: Comparison, ranked: Sequence[RankRow]) -> list[str]:
    """The two lines, the dots and the mark of the choice; returns what they say."""
    name, ranks = comparison.metric.name, [int(row.rank) for row in ranked]
    dots = [r for r in in_order(comparison.runs) if isinstance(r.rank, int) and finite(r)]
    axes.scatter([r.rank for r in dots], [r.score for r in dots], 14, COLOURS[0], alpha=0.35)
    scores, errors = [row.score for row in ranked], [row.score_error for row in ranked]
    bars = mean_line(axes, ranks, scores, errors, 0, "held out (mean ± standard error)")
    axes.plot(
        ranks,
        [row.train_score for row in ranked],
        color=COLOURS[1],
        marker=MARKERS[1],
        linestyle=DASHES[1],
        label="training examples",
    )
    rank_axis(axes, ranks)
    axes.set_xlim(ranks[0] / 1.4, ranks[-1] * 1.4)
    shown = [run.score for run in dots] + [row.train_score for row in ranked]
    axes.set_ylim(*widened([*shown, *bars], 0.12))
    said = [f"{name} r={row.rank} held out {amount(row)}" for row in ranked]
    said += ["training " + ", ".join(f"r={row.rank} {row.train_score:.4f}" for row in ranked)]
    choice = choose(comparison)
    if choice is not None:
        word = "chosen" if choice.decided else "for now"
        on_the_right = ranks.index(choice.rank) >= len(ranks) / 2
        axes.axvline(choice.rank, color="#777777", linewidth=1, zorder=0)
        axes.annotate(
            f"{word}: {choice.rank}",
            # Away from the line of full tuning: the best scores are at the other end.
            (choice.rank, 0.03 if comparison.metric.higher_is_better else 0.93),
            xycoords=("data", "axes fraction"),
            xytext=(-5 if on_the_right else 5, 0),
            textcoords="offset points",
            ha="right" if on_the_right else "left",
        )
        said.append(f"{word} rank {choice.rank}")
    return said


def draw_ends(axes: Axes, ends: Sequence[RankRow]) -> list[str]:
    """A dashed line for each end; one far off the ranks' scale is only named at the margin."""
    bottom, top = axes.get_ylim()
    reach = 0.6 * (top - bottom)  # further away, it would press the ranks together
    near = [row.score for row in ends if bottom - reach < row.score < top + reach]
    if near:
        bottom, top = min(bottom, *widened(near, 0.1)), max(top, *widened(near, 0.1))
        axes.set_ylim(bottom, top)
    places = []
    for row in ends:
        text, place = f"{name_of(row)}\n{row.score:.4f}", row.score
        if bottom <= row.score <= top:
            axes.axhline(row.score, color="#555555", linewidth=1.2, linestyle=DASHES[3])
        else:
            text += "\n↓ off the scale" if row.score < bottom else "\n↑ off the scale"
            place = bottom if row.score < bottom else top
        places.append((place, text))
    room = 0.17 * (top - bottom)
    heights = [place for place, _ in places]
    if len(heights) == 2 and abs(heights[0] - heights[1]) < room:
        middle = min(max(statistics.fmean(heights), bottom + room / 2), top - room / 2)
        lower = 0 if heights[0] <= heights[1] else 1
        heights[lower], heights[1 - lower] = middle - room / 2, middle + room / 2
    for height, (_, text) in zip(heights, places, strict=True):
        axes.annotate(
            text,
            (1.01, height),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=9.5,
            annotation_clip=False,
        )
    return [f"{name_of(row)} {amount(row)}" for row in ends]


def widened(values: Sequence[float], share: float) -> tuple[float, float]:
    """Limits around the values with a margin, a small one also where all are equal."""
    low, high = min(values), max(values)
    margin = share * (high - low) or 0.01 * abs(high) or 0.01
    return low - margin, high + margin
