"""Figures of the first step by rank, and of the best learning rate by rank and rule."""

from __future__ import annotations

import statistics
from collections.abc import Mapping

from lora_course.chapters.ch03_scale.experiment import ByRate, FirstStep, best_rate, best_rates
from lora_course.core.results import standard_error
from lora_course.display.plots import Picture, line_style, mean_line, panels, rank_axis

PANELS = (
    ("Adam", "size", "size of ΔW"),
    ("Adam", "fall", "fall of the loss"),
    ("SGD", "fall", "fall of the loss"),
)
UNIT = "alpha = r"  # its first step at the first rank is 1
SHOWN = "alpha = r"  # the rule whose accuracies are drawn
MILLI = 1000
RATE_TICKS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)


def draw_steps(steps: Mapping[tuple[str, str], Mapping[int, FirstStep]]) -> Picture:
    """The first step against rank, by (optimizer, rule): ‖ΔW‖, and the fall of the loss.

    Relative to that of alpha = r at the first rank, with the same optimizer.
    """
    with panels(len(PANELS)) as (figure, all_axes):
        said = []
        for axes, (optimizer, what, label) in zip(all_axes, PANELS, strict=True):
            by_rule = {rule: of for (name, rule), of in steps.items() if name == optimizer}
            first, *_ = by_rule[UNIT].values()
            for style, (rule, by_rank) in enumerate(by_rule.items()):
                values = [getattr(step, what) / getattr(first, what) for step in by_rank.values()]
                axes.plot(list(by_rank), values, label=rule, **line_style(style))
                said.append(
                    f"{optimizer}, {label}, {rule}: from {values[0]:.3g} to {values[-1]:.3g}"
                )
            ranks = list(next(iter(by_rule.values())))
            rank_axis(axes, ranks)
            axes.set_yscale("log")
            axes.set_title(f"{optimizer}: {label}", fontsize=11)
        all_axes[0].set_ylabel(f"times that of {UNIT} at r = {ranks[0]}")
        figure.legend(*all_axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
        figure.set_size_inches(9.6, 4.0)
        return Picture(figure, "The first step against rank. " + "; ".join(said) + ".")


def draw_rates(tables: Mapping[str, Mapping[int, ByRate]]) -> Picture:
    """Accuracy against learning rate under one rule; each rank's best rate under every rule."""
    with panels(2) as (figure, (left, right)):
        said = []
        for style, (rank, rows) in enumerate(tables[SHOWN].items()):
            means = [statistics.fmean(accuracies) for accuracies in rows.values()]
            errors = [standard_error(accuracies) for accuracies in rows.values()]
            places = [rate * MILLI for rate in rows]
            mean_line(left, places, means, errors, style, f"r = {rank}")
            said.append(
                f"{SHOWN}, r = {rank}: {means[0]:.3f} at rate {min(rows):g}, best {max(means):.3f},"
                f" {means[-1]:.3f} at {max(rows):g}"
            )
        left.set_xscale("log", base=2)
        left.set_xticks(places, [f"{place:g}" for place in places])
        left.minorticks_off()
        left.set_title(f"{SHOWN}: who wins depends on the rate", fontsize=11)
        left.set_xlabel("learning rate (thousandths)")
        left.set_ylabel("held-out accuracy (share)")
        left.legend()
        for style, (rule, by_rank) in enumerate(tables.items()):
            best = [best_rate(rows) * MILLI for rows in by_rank.values()]
            alone = [[rate * MILLI for rate in best_rates(rows)] for rows in by_rank.values()]
            # From the lowest to the highest of the seeds; beside each other, to be told apart.
            lengths = [
                [max(0.0, b - min(seeds)) for b, seeds in zip(best, alone, strict=True)],
                [max(0.0, max(seeds) - b) for b, seeds in zip(best, alone, strict=True)],
            ]
            places = [rank * 2 ** (0.1 * style - 0.15) for rank in by_rank]
            right.errorbar(places, best, yerr=lengths, capsize=4, label=rule, **line_style(style))
            said.append(
                f"best rate, {rule}: "
                + ", ".join(f"{b:.2g} at r = {r}" for r, b in zip(by_rank, best, strict=True))
                + f" thousandths, a fall of {best[0] / best[-1]:.2g}"
            )
        rank_axis(right, list(by_rank))
        right.set_yscale("log", base=2)
        low, high = right.get_ylim()
        ticks = [tick for tick in RATE_TICKS if low <= tick <= high]
        right.set_yticks(ticks, [str(tick) for tick in ticks])
        right.minorticks_off()
        right.set_title("each rank's best rate, by rule", fontsize=11)
        right.set_ylabel("best rate (thousandths)")
        right.legend(fontsize=9.5)
        figure.set_size_inches(9.6, 4.2)
        return Picture(figure, "Accuracy and best learning rates. " + "; ".join(said) + ".")
