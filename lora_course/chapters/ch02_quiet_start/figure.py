"""Figures of starts: the first gradients of A and B, and the loss that each start leads to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from matplotlib.ticker import MaxNLocator

from lora_course.core.results import standard_error
from lora_course.display.plots import COLOURS, Picture, line_style, mean_line, panels


def first_steps(norms: Mapping[str, Mapping[str, Sequence[float]]]) -> Picture:
    """Gradient norms of A and of B before each step, a panel a start; on one scale."""
    with panels(len(norms)) as (figure, all_axes):
        said = []
        largest = max(max(values) for both in norms.values() for values in both.values())
        for axes, (start, both) in zip(all_axes, norms.items(), strict=True):
            for style, (part, values) in enumerate(both.items()):
                axes.plot(
                    range(1, len(values) + 1),
                    values,
                    label=f"gradient of {part}",
                    **line_style(style),
                )
                numbers = ", ".join(f"{value:.2g}" for value in values)
                said.append(f"{start}, gradient of {part}: {numbers}")
            axes.set_title(start, fontsize=11)
            axes.set_xlabel("step")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.set_ylim(-0.05 * largest, 1.1 * largest)
        all_axes[0].set_ylabel("norm of the gradient")
        all_axes[0].legend()
        figure.set_size_inches(3.0 * len(norms) + 1, 3.2)
        return Picture(figure, "Size of the first gradients. " + "; ".join(said) + ".")


def loss_by_rate(
    losses: Mapping[str, Mapping[float, Sequence[float]]], untrained: float
) -> Picture:
    """Loss in the end against learning rate, a line a start, each one's best rate in a ring.

    `losses`: start -> rate -> the loss of each seed; `untrained`: the loss of the base.
    """
    with panels() as (figure, (axes,)):
        said = [f"base, untrained: {untrained:.2f}"]
        axes.axhline(untrained, color="#777777", linewidth=1, label="base, untrained")
        for style, (start, by_rate) in enumerate(losses.items()):
            rates = list(by_rate)
            means = [fmean(of_seeds) for of_seeds in by_rate.values()]
            errors = [standard_error(of_seeds) for of_seeds in by_rate.values()]
            mean_line(axes, rates, means, errors, style, start)
            best = means.index(min(means))
            axes.plot(
                rates[best],
                means[best],
                "o",
                markersize=15,
                markerfacecolor="none",
                markeredgecolor=COLOURS[style],
                markeredgewidth=1.8,
            )
            points = zip(rates, means, errors, strict=True)
            numbers = ", ".join(f"{m:.2f} ± {error:.2f} at {rate:g}" for rate, m, error in points)
            said.append(f"{start}: {numbers}; best at {rates[best]:g}")
        axes.set_xscale("log")
        ticks = sorted({rate for by_rate in losses.values() for rate in by_rate})
        axes.set_xticks(ticks, [f"{rate:g}" for rate in ticks])
        axes.minorticks_off()
        axes.set_xlabel("learning rate (log axis), a ring at each start's best")
        axes.set_ylabel("held-out loss (nats a token)")
        axes.legend()
        figure.set_size_inches(7.6, 4.4)
        return Picture(
            figure,
            "Held-out loss (nats a token), mean ± standard error, by learning rate. "
            + ". ".join(said)
            + ".",
        )
