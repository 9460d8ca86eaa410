"""The figure of time against FLOPs, each as a share of full tuning's, a panel a width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lora_course.chapters.ch09_time.clock import Seconds, ratios
from lora_course.chapters.ch09_time.flops import Flops
from lora_course.display.plots import COLOURS, Picture, line_style, mark_guess, panels
from lora_course.display.predict import Prediction


def draw(
    flops: Mapping[int, Mapping[str, int]],
    seconds: Mapping[int, Mapping[str, Sequence[Seconds]]],
    guess: Prediction | None = None,
) -> Picture:
    """Time ÷ full tuning's against FLOPs ÷ full tuning's, by width and kind of training.

    The first kind of each width is full tuning. Bars: the middle half of the rounds. `guess`: the
    share of the time at the first width.
    """
    with panels(len(flops)) as (figure, all_axes):
        said = []
        for axes, width in zip(all_axes, flops, strict=True):
            first, *kinds = flops[width]
            taken = ratios(seconds[width])
            axes.axline((1, 1), slope=1, color="#777777", linewidth=1, label="as the FLOPs")
            axes.plot([1], [1], "k*", markersize=11, label=first)
            for place, kind in enumerate(kinds):
                share, time = flops[width][kind] / flops[width][first], taken[kind]
                bar = [[time.median - time.low], [time.high - time.median]]
                style = line_style(place) | {"linestyle": "none"}
                axes.errorbar([share], [time.median], yerr=bar, capsize=4, label=kind, **style)
                said.append(
                    f"width {width}, {kind}: FLOPs {share:.2f}, time {time.median:.2f}"
                    f" ({time.low:.2f} to {time.high:.2f})"
                )
            axes.set_title(f"width {width}", fontsize=11)
            axes.set_xlabel("FLOPs ÷ full tuning's")
        said += mark_guess(all_axes[0], guess, axis="y")
        shares = [of / next(iter(by.values())) for by in flops.values() for of in by.values()]
        low, high = zip(*(axes.get_ylim() for axes in all_axes), strict=True)
        for axes in all_axes:
            axes.set_xlim(min(0.4, *shares), max(shares) + 0.1)
            axes.set_ylim(min(0.4, *low), max(high))
        all_axes[0].set_ylabel("time ÷ full tuning's")
        figure.legend(*all_axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
        figure.set_size_inches(9.6, 4.6)
        return Picture(figure, "A step's time against its FLOPs. " + "; ".join(said) + ".")


PARTS = {
    "forward": "forward",
    "input gradients": "inputs",
    "weight gradients": "weights",
    "adapter": "adapter",
    "attention": "attention",
}


def draw_parts(bars: Mapping[str, Flops], tokens: int) -> Picture:
    """FLOPs of a step for one of its tokens by what they are for: a stacked bar a training."""
    full = next(iter(bars.values())).total
    with panels() as (figure, (axes,)):
        said = []
        names = list(bars)
        left = [0.0] * len(names)
        for (label, part), colour in zip(PARTS.items(), COLOURS, strict=True):
            lengths = [getattr(of, part) / tokens / 1e6 for of in bars.values()]
            axes.barh(names, lengths, left=left, color=colour, label=label, edgecolor="white")
            left = [a + b for a, b in zip(left, lengths, strict=True)]
            said += [f"{name}, {label}: {b:.3g}" for name, b in zip(names, lengths, strict=True)]
        for name, end in zip(names, left, strict=True):
            axes.annotate(
                f"× {bars[name].total / full:.2f}",
                (end, names.index(name)),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
            )
        axes.margins(x=0.12)
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.set_axisbelow(True)
        axes.set_xlabel("million FLOPs a token")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=5)
        figure.set_size_inches(8.4, 2.7)
        return Picture(figure, "Million FLOPs a token of a step. " + "; ".join(said) + ".")
