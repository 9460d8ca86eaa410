"""The stored curves, a panel a task; and the learner's own sweep, a line a rank."""

from __future__ import annotations

import statistics
import textwrap
from collections.abc import Mapping, Sequence

from lora_course.checks.result import Note
from lora_course.compare.figure import draw_ends, widened
from lora_course.compare.rates import at_rate
from lora_course.compare.records import Comparison
from lora_course.compare.rows import amount, axis_label, rows
from lora_course.core.results import standard_error
from lora_course.core.selection import choose_from
from lora_course.display.plots import Picture, mean_line, panels, rank_axis

BEST = "each at its best"
TITLE_LETTERS = 90


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
        # Above both panels: inside, it would hide a line of one or the other.
        figure.legend(
            *axes.get_legend_handles_labels(),
            title="learning rate",
            loc="outside upper center",
            ncols=1 + len(rates),
            fontsize=9.5,
            title_fontsize=9.5,
        )
        machines = {str(task.facts["machine"]): None for task in tasks.values()}
        figure.supxlabel(
            f"computed beforehand on {', '.join(machines)}", fontsize=9, color="#555555"
        )
        figure.set_size_inches(4.4 * len(tasks), 4.0)
        return Picture(figure, "; ".join(said) + ".")


def draw_sweep(losses: Mapping[int, Mapping[float, Sequence[float]]]) -> Picture | Note:
    """Held-out loss against learning rate, rank -> rate -> a loss a seed; and the rank to choose.

    A note in its place while the exercise is blank and returns the dots.
    """
    if not isinstance(losses, Mapping):
        return Note("Your sweep", "Once sweep returns its losses, run this cell: it draws them.")
    with panels() as (figure, (axes,)):
        said, at_best = [], {}
        for style, (rank, by_rate) in enumerate(sorted(losses.items())):
            rates = sorted(by_rate)
            means = {rate: statistics.fmean(by_rate[rate]) for rate in rates}
            errors = [standard_error(by_rate[rate]) for rate in rates]
            mean_line(axes, rates, [means[rate] for rate in rates], errors, style, f"r = {rank}")
            best = min(means, key=means.__getitem__)
            at_best[rank] = by_rate[best]
            said.append(f"r = {rank}: lowest {means[best]:.3f} at rate {best:g}")
        tried = sorted({rate for by_rate in losses.values() for rate in by_rate})
        axes.set_xscale("log", base=2)
        axes.set_xticks(tried, [f"{rate:g}" for rate in tried])
        axes.minorticks_off()
        axes.set_xlabel("learning rate")
        axes.set_ylabel("held-out loss (nats a token)")
        choice = choose_from(at_best, metric="loss", higher_is_better=False)
        verdict = f"{str(choice).splitlines()[0]} {choice.reasons[-1]}"
        axes.set_title("\n".join(textwrap.wrap(verdict, TITLE_LETTERS)), fontsize=11)
        axes.legend()
        return Picture(figure, f"{verdict} Held-out loss: {'; '.join(said)}.")
