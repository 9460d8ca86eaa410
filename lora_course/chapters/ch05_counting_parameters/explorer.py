"""Model and saved modules -> the adapter's file for the usual targets, and what stays frozen."""

from __future__ import annotations

import html
from functools import lru_cache

from lora_course.chapters.ch05_counting_parameters.experiment import (
    SAVED,
    WAYS,
    Counted,
    counted,
)
from lora_course.chapters.ch05_counting_parameters.figure import draw_files
from lora_course.display.explorer import Explorer, buttons, chooser

MODELS = ("Llama-3.1-8B", "Llama-3.2-1B", "Phi-3-mini", "Mixtral-8x7B", "gpt-oss-20b")
RANKS = (4, 8, 16, 64, 256)
MOST_FROZEN = 3  # kinds of parameters without an adapter that are named, the largest first


def count_explorer() -> Explorer:
    """Which model, which rank, and what is saved beside the adapter: its file by targets."""
    controls = {
        "model": buttons("model", MODELS, "Mixtral-8x7B"),
        "rank": chooser("rank r", RANKS, 16, few=(16, 256)),
        "saved": buttons("trained", list(SAVED), "adapter alone"),
    }
    return Explorer(controls, _view, busy="Counting: a few seconds …")


@lru_cache(maxsize=256)
def _counted(model: str, rank: int, way: str, saved: str) -> Counted | str:
    """The count, or why PEFT refuses."""
    from peft import LoraConfig

    try:
        return counted(model, LoraConfig(r=rank, **WAYS[way], **SAVED[saved]))
    except ValueError as error:
        return str(error)


def _view(model: str, rank: int, saved: str) -> str:
    found = {way: _counted(model, rank, way, saved) for way in WAYS}
    rows = {way: one if isinstance(one, Counted) else None for way, one in found.items()}
    lines = "".join(f"<li><strong>{way}</strong>: {_words(one)}</li>" for way, one in found.items())
    picture = draw_files({f"{model}, rank {rank}, {saved}": rows}, times=False)
    return f"{picture.to_html()}<ul>{lines}</ul>"


def _words(one: Counted | str) -> str:
    """What trains, what gets no adapter, and what the count notes, as HTML."""
    if isinstance(one, str):
        return f"PEFT refuses. {html.escape(one.partition('. ')[0])}."
    count = one.count
    frozen = sorted(count.without.items(), key=lambda pair: -pair[1])[:MOST_FROZEN]
    kinds = ", ".join(f"{kind} {share:.1%}" for kind, share in frozen if share >= 0.001)
    notes = "".join(f"<br>{html.escape(note)}" for note in count.notes)
    return (
        f"{count.trainable:,} numbers train, {count.trainable / count.total:.3%} of all."
        f" Without an adapter: {kinds or 'next to nothing'}.{notes}"
    )
