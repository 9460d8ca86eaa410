"""Figures: what each way of training keeps and holds, and a step's peak by kind."""

from __future__ import annotations

from collections.abc import Mapping

from lora_course.display.plots import COLOURS, Picture, line_style, mark_guess, panels
from lora_course.display.predict import Prediction
from lora_course.memory.figure import HATCHES
from lora_course.memory.report import GROUPS, grouped, size

MB, GB = 1e6, 1e9
SEEN = 1e-4  # of the longest bar: a part that is always smaller is left out


def draw(
    kept: Mapping[str, int],
    peaks: Mapping[str, Mapping[int, int]],
    guess: Prediction | None = None,
) -> Picture:
    """Bytes kept by each way over those of the first; and each line's peak against tokens.

    The first way stands first, the others in the order of what they keep.
    """
    (own, first), *others = kept.items()
    kept = {own: first} | dict(sorted(others, key=lambda pair: pair[1]))
    with panels(2) as (figure, (left, right)):
        names, ratios = list(kept), [value / first for value in kept.values()]
        colours = ["#999999", *[COLOURS[0]] * (len(names) - 1)]
        left.barh(names, ratios, 0.6, color=colours)
        for place, ratio in enumerate(ratios):
            left.annotate(
                f"{ratio:.2f}",
                (ratio, place),
                va="center",
                xytext=(4, 0),
                textcoords="offset points",
            )
        left.invert_yaxis()
        left.set_axisbelow(True)
        left.grid(axis="y", visible=False)
        left.set_xlim(0, 1.15 * max(ratios))
        guessed = mark_guess(left, guess)
        if guessed:
            left.legend(loc="lower right")
        left.set_xlabel(f"bytes kept, times {names[0]}'s")
        left.set_title("kept for the backward pass", fontsize=11)
        for style, (name, by_tokens) in enumerate(peaks.items()):
            places = [value / MB for value in by_tokens.values()]
            right.plot(list(by_tokens), places, label=name, **line_style(style))
        right.set_xlabel("tokens in a step")
        right.set_ylabel("peak of a step (MB)")
        right.set_ylim(bottom=0)
        right.set_title("at the fullest moment", fontsize=11)
        right.legend(fontsize=9.5)
        figure.set_size_inches(10.4, 4.0)
        said = [
            *(f"{name}: {ratio:.2f}" for name, ratio in zip(names, ratios, strict=True)),
            *guessed,
        ]
        lines = [
            f"{name}: from {size(min(of.values()))} at {min(of)} tokens to"
            f" {size(max(of.values()))} at {max(of):,}"
            for name, of in peaks.items()
        ]
        return Picture(
            figure,
            f"Bytes kept for the backward pass, times those of {names[0]}. {'; '.join(said)}."
            f" Peak of a step. {'; '.join(lines)}.",
        )


def draw_parts(held: Mapping[str, Mapping[str, int]]) -> Picture:
    """A stacked bar for each way of training: what its step holds at the peak, by kind, in GB."""
    with panels() as (figure, (axes,)):
        left = [0.0] * len(held)
        for place, group in enumerate(GROUPS):
            widths = [grouped(dict(one))[group] / GB for one in held.values()]
            if max(widths) < SEEN * max(sum(one.values()) / GB for one in held.values()):
                continue
            axes.barh(
                list(held),
                widths,
                0.6,
                left,
                color=COLOURS[place],
                hatch=HATCHES[place],
                edgecolor="white",
                label=group,
            )
            left = [low + width for low, width in zip(left, widths, strict=True)]
        for place, end in enumerate(left):
            axes.annotate(
                size(end * GB), (end, place), va="center", xytext=(4, 0), textcoords="offset points"
            )
        axes.invert_yaxis()
        axes.set_axisbelow(True)
        axes.grid(axis="y", visible=False)
        axes.set_xlim(0, 1.15 * max(left))
        axes.set_xlabel("held at the peak of a step (GB)")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        figure.set_size_inches(7.6, 2.9)
        said = [
            f"{name}: "
            + ", ".join(f"{group} {size(of)}" for group, of in grouped(dict(one)).items())
            for name, one in held.items()
        ]
        return Picture(figure, f"Held at the peak of a step. {'; '.join(said)}.")
