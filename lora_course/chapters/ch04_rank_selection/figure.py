"""The stored curves as one figure: a panel a task, a line a learning rate."""

from __future__ import annotations

from collections.abc import Mapping

from lora_course.compare.figure import draw_ends, widened
from lora_course.compare.rates import at_rate
from lora_course.compare.records import Comparison
from lora_course.compare.rows import amount, axis_label, rows
from lora_course.display.plots import Picture, mean_line, panels, rank_axis


def draw_curves(tasks: Mapping[str, Comparison]) -> Picture:
    """Held-out metric against rank, mean ± standard error, a panel under each title.

    A line a learning rate; the ends (no adapter, full tuning) dotted.
    """
    with panels(len(tasks)) as (figure, all_axes):
        said = []
        for axes, (title, task) in zip(all_axes, tasks.items(), strict=True):
            shown: list[float] = []
            for style, rate in enumerate(task.rates):
                ranked = rows(at_rate(task, rate))
                ranks, scores = [int(row.rank) for row in ranked], [row.score for row in ranked]
                errors = [row.score_error for row in ranked]
                shown += mean_line(axes, ranks, scores, errors, style, f"{rate:g}")
                points = ", ".join(f"r={row.rank} {amount(row)}" for row in ranked)
                said.append(f"{title}, {task.metric.name} at learning rate {rate:g}: {points}")
            rank_axis(axes, ranks)
            axes.set_title(title, fontsize=11)
            axes.set_ylabel(axis_label(task.metric))
            axes.set_ylim(*widened(shown, 0.1))
            said += draw_ends(axes, [row for row in rows(task) if not isinstance(row.rank, int)])
        axes.legend(
            title="learning rate",
            loc="upper right",
            bbox_to_anchor=(1, 0.9),  # below the line of "no training"
            fontsize=9.5,
            title_fontsize=9.5,
            frameon=True,
            framealpha=1,
            edgecolor="white",
        )
        machines = {str(task.facts["machine"]): None for task in tasks.values()}
        figure.supxlabel(
            f"computed beforehand on {', '.join(machines)}", fontsize=9, color="#555555"
        )
        figure.set_size_inches(4.4 * len(tasks), 3.6)
        return Picture(figure, "; ".join(said) + ".")
