"""The chapter's figure: what steps hold, moment by moment, by kind."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes

from lora_course.chapters.ch06_state_memory.experiment import (
    ELSE,
    GRADIENTS,
    PHASES,
    STATE,
    WEIGHTS,
    Timeline,
)
from lora_course.display.plots import COLOURS, Picture, panels

# From the bottom up; with a hatch, so that no kind is known by its colour alone.
LOOKS = {
    WEIGHTS: (COLOURS[0], ""),
    STATE: (COLOURS[1], "//"),
    GRADIENTS: (COLOURS[2], ".."),
    ELSE: ("#c4c4c4", ""),
}
SHORT = {"forward": "F", "backward": "B", "optimizer": "O"}  # explained in the text
MB = 1e6


def draw_timelines(runs: Mapping[str, Timeline]) -> Picture:
    """Bytes by kind after each tensor that came or went, a panel a run, and where the peak is."""
    with panels(len(runs)) as (figure, all_axes):
        figure.set_size_inches(10.4, 4.4)
        said = []
        highest = max(run.peak for run in runs.values()) / MB
        for axes, (name, run) in zip(all_axes, runs.items(), strict=True):
            _areas(axes, run)
            _phases(axes, run, 1.15 * highest)
            moment, peak = run.total.index(run.peak), run.peak / MB
            axes.plot(moment, peak, "kv", markersize=7)
            axes.annotate(
                f"peak {peak:.1f}",
                (moment, peak),
                xytext=(0, 6),
                textcoords="offset points",
                ha="right" if moment > len(run.total) / 2 else "left",
            )
            axes.set_ylim(0, 1.22 * highest)
            axes.set_xlim(left=run.starts[0])
            axes.set_title(name, fontsize=11)
            axes.set_xlabel("tensors made or freed so far")
            parts = ", ".join(f"{kind} {size / MB:.2f}" for kind, size in run.at_peak().items())
            said.append(f"{name}: peak {peak:.2f} MB, of which {parts}; {_of_phases(run)}")
        for axes in all_axes[1:]:
            axes.sharey(all_axes[0])
            axes.tick_params(labelleft=False)
        all_axes[0].set_ylabel("held (MB)")
        figure.legend(*all_axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
        return Picture(
            figure, f"What the first two steps hold, moment by moment. {'. '.join(said)}."
        )


def _areas(axes: Axes, run: Timeline) -> None:
    first = run.starts[0]
    areas = axes.stackplot(
        range(first, len(run.total)),
        *([size / MB for size in run.held[kind][first:]] for kind in LOOKS),
        labels=list(LOOKS),
        colors=[colour for colour, _ in LOOKS.values()],
        edgecolor="white",
        linewidth=0,
    )
    for area, (_, hatch) in zip(areas, LOOKS.values(), strict=True):
        area.set_hatch(hatch)


def _phases(axes: Axes, run: Timeline, height: float) -> None:
    """A line where a phase begins, and at that height its letter."""
    pairs = zip(run.starts, run.starts[1:], strict=False)
    for place, (start, end) in enumerate(pairs):
        axes.axvline(start, color="#777777", linewidth=0.7, linestyle=":")
        letter = SHORT[PHASES[place % len(PHASES)]]
        axes.text((start + end) / 2, height, letter, ha="center", fontsize=9.5)


def _of_phases(run: Timeline) -> str:
    steps = range(1, len(run.starts) // len(PHASES) + 1)
    return "; ".join(
        f"step {step}: "
        + ", ".join(f"{phase} up to {run.most(phase, step) / MB:.2f}" for phase in PHASES)
        for step in steps
    )
