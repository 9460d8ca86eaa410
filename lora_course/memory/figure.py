"""The figure of `lora-course memory`: a stacked bar for every rank, and the GPU's size."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from lora_course.display.plots import COLOURS, Picture, panels
from lora_course.memory.estimates import Estimate
from lora_course.memory.report import GIB, GROUPS, grouped, size

HATCHES = ("", "//", "..", "xx", "\\\\")  # with the colour: no part is known by colour alone


def draw_memory(
    heading: str, estimates: Sequence[Estimate], gpu_gib: float | None = None
) -> Picture:
    """What is held at the fullest moment, by kind, against rank."""
    names = [str(one.rank) for one in estimates]
    with panels() as (figure, (axes,)):
        figure.set_size_inches(7.6, 4.6)
        bottom = [0.0] * len(estimates)
        for place, group in enumerate(GROUPS):
            heights = [grouped(one.held)[group] / 1e9 for one in estimates]
            axes.bar(
                names,
                heights,
                0.6,
                bottom,
                color=COLOURS[place],
                hatch=HATCHES[place],
                edgecolor="white",
                label=group,
            )
            bottom = [low + height for low, height in zip(bottom, heights, strict=True)]
        for place, top in enumerate(bottom):
            axes.annotate(
                size(top * 1e9),
                (place, top),
                ha="center",
                xytext=(0, 3),
                textcoords="offset points",
            )
        said = [f"rank {one.rank}: {size(one.peak)}" for one in estimates]
        if gpu_gib is not None:
            axes.axhline(
                gpu_gib * GIB / 1e9,
                color="#333333",
                linestyle="--",
                linewidth=1.5,
                label=f"a GPU of {gpu_gib:g} GiB",
            )
            said.append(f"the GPU: {size(gpu_gib * GIB)}")
        axes.set_axisbelow(True)
        axes.set_ylim(0, 1.12 * max([*bottom, (gpu_gib or 0) * GIB / 1e9]))
        axes.grid(axis="x", visible=False)
        axes.set_xlabel("rank r")
        axes.set_ylabel("memory at the fullest moment (GB)")
        figure.suptitle("\n".join(wrap(heading.replace("$", r"\$"), 90)), fontsize=9)
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), reverse=True)
        return Picture(figure, f"{heading}. At the fullest moment, {'; '.join(said)}.")
