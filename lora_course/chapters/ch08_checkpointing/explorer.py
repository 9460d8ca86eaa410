"""Cut layers into segments: what a step holds from moment to moment, and the best length."""

from __future__ import annotations

from lora_course.display.explorer import Explorer, chooser
from lora_course.display.plots import COLOURS, DASHES, Picture, line_style, panels

LAYERS = (12, 24, 36, 48)
RATIOS = (1, 2, 5, 10, 36)
LENGTHS = (1, 2, 3, 4, 6, 12)  # each divides each of LAYERS


def segment_explorer() -> Explorer:
    """Layers, inside ÷ boundary and segment length -> the step's course and its peak."""
    controls = {
        "layers": chooser("layers L", LAYERS, 36, few=(12, 36)),
        "ratio": chooser("inside ÷ boundary", RATIOS, 5, few=(1, 5, 36)),
        "length": chooser("segment length k", LENGTHS, 6, few=(1, 2, 3, 6)),
    }
    return Explorer(controls, _view)


def course(layers: int, ratio: int, length: int) -> list[int]:
    """What is held at each moment of a step, in boundaries; a layer's inside is `ratio` of them.

    Forward, each segment leaves its input. Backward, each is opened, a layer at a time, used up
    from its end, and its input goes.
    """
    moments = [0]

    def then(change: int) -> None:
        moments.append(moments[-1] + change)

    for _ in range(0, layers, length):
        then(1)
    for _ in range(0, layers, length):
        for change in [ratio] * length + [-ratio] * length + [-1]:
            then(change)
    return moments


def _view(layers: int, ratio: int, length: int) -> str:
    peaks = {k: max(course(layers, ratio, k)) for k in LENGTHS}
    best = min(LENGTHS, key=peaks.__getitem__)
    words = "the best length here" if best == length else f"k = {best} takes {peaks[best]}"
    return _picture(layers, ratio, length, peaks).to_html() + (
        f"<p>Peak at k = {length}: <strong>{peaks[length]} boundaries</strong>; {words}. Without"
        f" checkpointing: {layers * ratio}. √L is {layers**0.5:.1f}, √(L · boundary / inside)"
        f" {(layers / ratio) ** 0.5:.1f}.</p>"
    )


def _picture(layers: int, ratio: int, length: int, peaks: dict[int, int]) -> Picture:
    with panels(2) as (figure, (left, right)):
        moments = course(layers, ratio, length)
        left.plot(range(len(moments)), moments, color=COLOURS[0])
        forward = layers // length
        left.axvline(
            forward, color="#555555", linestyle=DASHES[3], label="the backward pass begins"
        )
        left.set_xlabel("moments of the step")
        left.set_ylabel("held (boundaries)")
        left.set_title(f"a step with segments of k = {length}", fontsize=11)
        left.set_ylim(0, 1.25 * max(moments))
        left.legend(loc="upper right", fontsize=9.5)
        right.plot(list(peaks), list(peaks.values()), **line_style(0))
        right.plot([length], [peaks[length]], "o", color=COLOURS[1], markersize=11)
        right.set_xscale("log")
        right.set_xticks(LENGTHS, [str(k) for k in LENGTHS])
        right.minorticks_off()
        right.set_ylim(bottom=0)
        right.set_xlabel("segment length k (layers)")
        right.set_title("its peak, at each length", fontsize=11)
        figure.set_size_inches(9.2, 3.6)
        listed = ", ".join(f"{k}: {peak}" for k, peak in peaks.items())
        return Picture(
            figure,
            f"{layers} layers, inside {ratio} boundaries. What a step with segments of {length}"
            f" holds, up to {max(moments)} boundaries; the peak by segment length: {listed}.",
        )
