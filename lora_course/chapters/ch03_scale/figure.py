"""Figures of the first step by rank, and of accuracy by learning rate."""

from __future__ import annotations

from collections.abc import Mapping

from lora_course.chapters.ch03_scale.experiment import FirstStep, best_rate
from lora_course.core.results import RankSummary
from lora_course.display.plots import (
    COLOURS,
    DASHES,
    MARKERS,
    Picture,
    mean_line,
    panels,
    rank_axis,
)

TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


def draw_steps(steps: Mapping[str, Mapping[int, FirstStep]]) -> Picture:
    """‖ΔW‖ and the fall of the loss after one step against rank, relative to the first rank."""
    with panels(2) as (figure, all_axes):
        said = []
        for axes, what, label in zip(
            all_axes, ("size", "fall"), ("‖ΔW‖", "fall of the loss"), strict=True
        ):
            shown: list[float] = []
            for style, (rule, by_rank) in enumerate(steps.items()):
                values = [getattr(step, what) for step in by_rank.values()]
                relative = [value / values[0] for value in values]
                shown += relative
                axes.plot(
                    list(by_rank),
                    relative,
                    color=COLOURS[style],
                    marker=MARKERS[style],
                    linestyle=DASHES[style],
                    label=rule,
                )
                said.append(f"{label}, {rule}: ends at {relative[-1]:.2g} times its start")
            rank_axis(axes, list(by_rank))
            axes.set_yscale("log")
            ticks = [tick for tick in TICKS if min(shown) / 2 <= tick <= max(shown) * 2]
            axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
            axes.minorticks_off()
            axes.set_ylabel(f"{label}, relative to r = {next(iter(by_rank))}")
        all_axes[0].legend(fontsize=9.5)
        figure.set_size_inches(9.0, 3.6)
        return Picture(figure, "The first Adam step against rank. " + "; ".join(said) + ".")


def draw_rates(tables: Mapping[str, Mapping[int, Mapping[float, RankSummary]]]) -> Picture:
    """Held-out accuracy against learning rate, a panel a rule, a line a rank."""
    with panels(len(tables)) as (figure, all_axes):
        said = []
        for axes, (rule, by_rank) in zip(all_axes, tables.items(), strict=True):
            for style, (rank, rows) in enumerate(by_rank.items()):
                means = [row.accuracy for row in rows.values()]
                errors = [row.standard_error for row in rows.values()]
                mean_line(axes, list(rows), means, errors, style, f"r = {rank}")
                said.append(f"{rule}, r = {rank}: best {max(means):.2f} at {best_rate(rows):g}")
            rates = list(next(iter(by_rank.values())))
            axes.set_xscale("log", base=2)
            axes.set_xticks(rates[::2], [f"{rate:g}" for rate in rates[::2]])
            axes.minorticks_off()
            axes.set_title(rule, fontsize=11)
            axes.set_xlabel("learning rate")
            axes.set_ylim(0.64, 0.98)
        all_axes[0].set_ylabel("held-out accuracy (share)")
        all_axes[0].legend()
        figure.set_size_inches(9.6, 3.5)
        return Picture(figure, "Accuracy against learning rate. " + "; ".join(said) + ".")
