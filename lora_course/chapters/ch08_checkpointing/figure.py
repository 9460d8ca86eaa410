"""Figures of what checkpointing saves and costs, and of the best segment length."""

from __future__ import annotations

import math
from collections.abc import Mapping

from lora_course.chapters.ch08_checkpointing.experiment import Step
from lora_course.display.plots import COLOURS, DASHES, Picture, line_style, mark_guess, panels
from lora_course.display.predict import Prediction

MB = 1e6
OFF, ON = "without", "with"
PARTS = ("forward", "backward", "forward again")
HATCHES = ("", "//", "xx")


def draw_steps(steps: Mapping[tuple[str, bool], Step], guess: Prediction | None = None) -> Picture:
    """Bytes at the peak and FLOPs, without and with checkpointing, by (what trains, with it).

    `guess`: how many times as many FLOPs the reader expects.
    """
    names = list(dict.fromkeys(name for name, _ in steps))
    with panels(2) as (figure, (left, right)):
        said, ticks = [], []
        for place, (name, on) in enumerate((name, on) for name in names for on in (False, True)):
            step, plain = steps[name, on], steps[name, False]
            ticks.append(f"{name},\n{ON if on else OFF}")
            left.bar(place, step.held / MB, color=COLOURS[0], width=0.6)
            left.text(place, step.held / MB, f"{step.held / MB:.0f}", ha="center", va="bottom")
            parts = (
                step.forward,
                plain.flops - plain.forward,
                step.flops - plain.flops,
            )
            bottom = 0.0
            for part, (label, flops) in enumerate(zip(PARTS, parts, strict=True)):
                height = flops / plain.flops
                right.bar(
                    place,
                    height,
                    bottom=bottom,
                    color=COLOURS[part],
                    hatch=HATCHES[part],
                    edgecolor="white",
                    width=0.6,
                    label=label if place == 0 else None,
                )
                bottom += height
            right.text(place, bottom, f"{bottom:.2f}", ha="center", va="bottom")
            said.append(
                f"{name} {ON if on else OFF} checkpointing: {step.held / MB:.1f} MB,"
                f" {bottom:.2f} times the FLOPs"
            )
        said += mark_guess(right, guess, "y")
        for axes in (left, right):
            axes.set_xticks(range(len(ticks)), ticks, fontsize=9.5)
            axes.grid(False, axis="x")
            axes.set_axisbelow(True)
        left.margins(y=0.1)
        left.set_title("bytes at the peak, beyond the weights", fontsize=11)
        left.set_ylabel("MB")
        right.set_title("FLOPs of forward and backward", fontsize=11)
        right.set_ylabel("times those without")
        right.set_ylim(top=2.4)
        right.legend(ncols=2, fontsize=9.5, loc="upper left")
        figure.set_size_inches(9.6, 4.0)
        return Picture(figure, "A step. " + "; ".join(said) + ".")


def draw_segments(held: Mapping[int, int], boundary: int, inside: int, layers: int) -> Picture:
    """Bytes at the peak by segment length, with the two rules for the best length."""
    rules = {
        "√L": math.sqrt(layers),
        "√(L · boundary / inside)": math.sqrt(layers * boundary / inside),
    }
    with panels() as (figure, (axes,)):
        sizes = [size / MB for size in held.values()]
        axes.plot(list(held), sizes, label="measured", **line_style(0))
        for place, (label, length) in enumerate(rules.items(), start=1):
            axes.axvline(length, color=COLOURS[place], linestyle=DASHES[place], label=label)
        axes.set_xscale("log")
        axes.set_xticks(list(held), [str(length) for length in held])
        axes.minorticks_off()
        axes.set_ylim(bottom=0)
        axes.set_xlabel("segment length k (layers)")
        axes.set_ylabel("peak beyond the weights (MB)")
        axes.legend()
        pairs = ", ".join(f"{length}: {size:.2f}" for length, size in zip(held, sizes, strict=True))
        marked = ", ".join(f"{label} = {length:.2f}" for label, length in rules.items())
        return Picture(figure, f"Peak in MB by segment length: {pairs}. Marked: {marked}.")
