"""The stored curves as one figure: a panel a task, a line a learning rate, one for the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lora_course.compare.figure import draw_ends, widened
from lora_course.compare.rates import at_rate
from lora_course.compare.records import Comparison
from lora_course.compare.rows import amount, axis_label, rows
from lora_course.display.plots import Picture, mean_line, panels, rank_axis

BEST = "each at its best"


def draw_curves(tasks: Mapping[str, Comparison], rates: Sequence[float]) -> Picture:
    """Held-out metric against rank, mean ± standard error, a panel under each title.

    A line for each of `rates` that a task was trained at, and one for each rank at its best of all;
    the ends (no adapter, full tuning) dotted.
    """
    with panels(len(tasks)) as (figure, all_axes):
        said = []
        for axes, (title, task) in zip(all_axes, tasks.items(), strict=True):
            shown: list[float] = []
            lines = {f"{rate:g}": at_rate(task, rate) for rate in rates if rate in task.rates}
            for style, (label, chosen) in enumerate({BEST: task, **lines}.items()):
                ranked = [row for row in rows(chosen) if isinstance(row.rank, int)]
                ranks, scores = [int(row.rank) for row in ranked], [row.score for row in ranked]
                errors = [row.score_error for row in ranked]
                shown += mean_line(axes, ranks, scores, errors, style, label)
                points = ", ".join(f"r={row.rank} {amount(row)}" for row in ranked)
                said.append(f"{title}, {task.metric.name}, learning rate {label}: {points}")
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
