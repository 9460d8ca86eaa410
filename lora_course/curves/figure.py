"""The stored curves as one figure: a panel a task, a line a learning rate."""

from __future__ import annotations

import math
from collections.abc import Mapping

from lora_course.compare.figure import draw_ends, widened
from lora_course.compare.records import Comparison
from lora_course.compare.rows import Row, amount, axis_label, rows
from lora_course.plots import COLOURS, DASHES, MARKERS, Picture, panels, rank_axis


def draw_curves(tasks: Mapping[str, Mapping[float, Comparison]]) -> Picture:
    """Held-out metric against rank, mean ± standard error: title -> learning rate -> sweep.

    The ends (no adapter, full tuning) are dotted lines, from the sweep that has them.
    """
    with panels(len(tasks)) as (figure, all_axes):
        said = []
        for axes, (title, sweeps) in zip(all_axes, tasks.items(), strict=True):
            ends: list[Row] = []
            shown: list[float] = []
            for style, (rate, sweep) in enumerate(sweeps.items()):
                table = rows(sweep)
                ranked = [row for row in table if isinstance(row.rank, int)]
                ends += [row for row in table if not isinstance(row.rank, int)]
                errors = [0.0 if math.isnan(row.score_error) else row.score_error for row in ranked]
                axes.errorbar(
                    [int(row.rank) for row in ranked],
                    [row.score for row in ranked],
                    yerr=errors,
                    color=COLOURS[style],
                    marker=MARKERS[style],
                    linestyle=DASHES[style],
                    capsize=4,
                    label=f"{rate:g}",
                )
                for row, error in zip(ranked, errors, strict=True):
                    shown += [row.score - error, row.score + error]
                points = ", ".join(f"r={row.rank} {amount(row)}" for row in ranked)
                said.append(f"{title}, {sweep.metric.name} at learning rate {rate:g}: {points}")
            rank_axis(axes, [int(row.rank) for row in ranked])
            axes.set_title(title, fontsize=11)
            axes.set_ylabel(axis_label(sweep.metric))
            axes.set_ylim(*widened(shown, 0.1))
            said += draw_ends(axes, ends)
        axes.legend(title="learning rate", fontsize=9.5, title_fontsize=9.5)
        figure.set_size_inches(4.4 * len(tasks), 3.6)
        return Picture(figure, "; ".join(said) + ".")
