"""The adapter's file as stacked bars: which part of the model takes how many of its bytes."""

from __future__ import annotations

from collections.abc import Mapping

from lora_course.chapters.ch05_counting_parameters.experiment import PARTS, Counted
from lora_course.display.plots import COLOURS, Picture, mark_guess, panels
from lora_course.display.predict import Prediction

HATCHES = ("", "//", "..", "xx", "\\\\", "--")  # with the colour: no part is known by colour alone
FILLS = (*COLOURS, "#56B4E9")
MB = 1e6

Rows = Mapping[str, Counted | None]
"""What a bar shows -> the count; None where PEFT refuses."""


def size(bytes_: float) -> str:
    """Bytes in MB, or in GB where they are many."""
    return f"{bytes_ / MB:,.0f} MB" if bytes_ < 1000 * MB else f"{bytes_ / MB / 1000:,.1f} GB"


def draw_files(
    models: Mapping[str, Rows], guess: Prediction | None = None, times: bool = True
) -> Picture:
    """A panel a model, a bar a row, stacked by part of the model.

    `times`: in multiples of the first row's file, the guess marked in the first panel; else in MB.
    """
    shown = [
        part for part in PARTS if any(part in _data(c) for r in models.values() for c in r.values())
    ]
    with panels(len(models)) as (figure, all_axes):
        said = []
        for axes, (title, rows) in zip(all_axes, models.items(), strict=True):
            alone = next(iter(rows.values()))
            unit = alone.file if times and alone is not None else MB
            left = [0.0] * len(rows)
            for part in shown:
                widths = [_data(one).get(part, 0) / unit for one in rows.values()]
                place = PARTS.index(part)
                axes.barh(
                    list(rows), widths, 0.6, left,
                    color=FILLS[place], hatch=HATCHES[place], edgecolor="white", label=part,
                )  # fmt: skip
                left = [low + width for low, width in zip(left, widths, strict=True)]
            for place, (end, (row, one)) in enumerate(zip(left, rows.items(), strict=True)):
                words = "refused" if one is None else size(one.file)
                axes.annotate(
                    words, (end, place), va="center", xytext=(4, 0), textcoords="offset points"
                )
                factor = f", {one.file / unit:.3g} times" if one is not None and times else ""
                said.append(f"{title}, {row}: {words}{factor}")
            axes.set_title(title, fontsize=11)
            axes.set_xlim(0, 1.3 * max(left) or 1)
            axes.set_xlabel("file, times that of the adapter alone" if times else "file (MB)")
            axes.invert_yaxis()
            axes.grid(axis="y", visible=False)
            axes.set_axisbelow(True)
        marked = mark_guess(all_axes[0], guess)
        if marked and guess is not None:
            low, high = all_axes[0].get_xlim()
            all_axes[0].set_xlim(low, max(high, 1.1 * guess.value))
        handles, labels = all_axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
        figure.set_size_inches(4.9 * max(len(models), 2) - 0.2, 3.4)
        return Picture(
            figure, "The adapter's file by part of the model. " + "; ".join(said + marked) + "."
        )


def _data(one: Counted | None) -> dict[str, int]:
    return {} if one is None else one.data
