"""Estimates as text, as data, and what fits a GPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from lora_course.memory.counts import Count
from lora_course.memory.estimates import NOT_COVERED, RANGE, Change, Estimate
from lora_course.memory.peak import TEMPORARY
from lora_course.memory.setting import StepSetting
from lora_course.memory.step import (
    ACTIVATIONS,
    ADAPTER,
    GRADIENTS,
    LOGITS,
    OPTIMIZER,
    WEIGHTS,
)

GROUPS = {
    "base weights": (WEIGHTS,),
    "activations": (ACTIVATIONS,),
    "logits": (LOGITS,),
    "adapter, gradients, optimizer": (ADAPTER, GRADIENTS, OPTIMIZER),
    "temporary": (TEMPORARY,),
}
"""What the figure tells apart, and the table's columns."""
GIB = 2**30


def grouped(held: dict[str, int]) -> dict[str, int]:
    """Bytes by group, in the order of GROUPS."""
    return {name: sum(held.get(kind, 0) for kind in kinds) for name, kinds in GROUPS.items()}


def size(count: float) -> str:
    """Bytes in kB, MB, GB or TB (powers of 1000), three digits."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(count) < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:,.3g} TB"


def title(name: str, adapter: str, setting: StepSetting) -> str:
    """The model and how one trains, in a line."""
    parts = [f"base {setting.precision}", f"{setting.adapter_precision} {adapter}"]
    parts.append(f"{setting.batch_size}×{setting.seq_length:,} tokens")
    parts.append(setting.optimizer)
    if setting.attention != "auto":
        parts.append(f"{setting.attention} attention")
    flags = ("checkpointing", "autocast", "padded", "keep_logits", "on_cpu")
    parts += [flag.replace("_", " ") for flag in flags if getattr(setting, flag)]
    return f"{name}: " + ", ".join(parts)


def verdict(peak: int, gpu_gib: float) -> str:
    """Whether a step of that peak fits a GPU, given how far a trace can be from the truth."""
    room = gpu_gib * GIB
    if peak * RANGE[1] <= room:
        return "fits"
    return "may fit" if peak * RANGE[0] <= room else "no"


COUNTS = ("rank", "trainable", "share", "file")


def count_cells(rank: int, count: Count) -> list[str]:
    """A rank's counts, under the heads COUNTS."""
    share = f"{count.trainable / count.total:.3%}"
    return [str(rank), f"{count.trainable:,}", share, size(count.file_bytes)]


def table(estimates: Sequence[Estimate], gpu_gib: float | None = None) -> str:
    """A line for every rank: parameters, the adapter's file, the peak and its parts."""
    heads = [*COUNTS, *GROUPS, "peak"]
    rows = [
        [
            *count_cells(one.rank, one.count),
            *map(size, grouped(one.held).values()),
            size(one.peak),
        ]
        for one in estimates
    ]
    if gpu_gib is not None:
        heads.append(f"{gpu_gib:g} GiB")
        for row, one in zip(rows, estimates, strict=True):
            row.append(verdict(one.peak, gpu_gib))
    return aligned(heads, rows)


def aligned(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of text, columns to the right."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = [
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in (heads, *rows)
    ]
    return "\n".join(lines)


def text(
    heading: str,
    estimates: Sequence[Estimate],
    changes: Sequence[Change],
    gpu_gib: float | None = None,
) -> str:
    """The whole answer, to read in a terminal."""
    last = estimates[-1]
    gradients = last.held[ADAPTER]
    parts = [f"{heading} (as {last.kind})", "", table(estimates, gpu_gib), ""]
    parts.append(
        f"Parts are those of the fullest moment. Gradients take {size(gradients)} at rank"
        f" {last.rank}, mostly after it."
    )
    if changes:
        parts += ["", f"At rank {last.rank} ({size(last.peak)}), one change alone frees:"]
        width = max(len(change.what) for change in changes)
        for change in changes:
            freed = last.peak - change.peak
            line = f"  {change.what:<{width}}  {size(freed):>8}  ({freed / last.peak:.0%})"
            if gpu_gib is not None:
                line += f"  then: {verdict(change.peak, gpu_gib)}"
            parts.append(line)
    parts += ["", f"Not counted: {NOT_COVERED}.", f"Expect {_range(last)} at rank {last.rank}."]
    notes = dict.fromkeys((one.rank, note) for one in estimates for note in one.notes)
    parts += [f"Rank {rank}: {note}." for rank, note in notes]
    return "\n".join(parts)


def _range(one: Estimate) -> str:
    low, high = (size(one.peak * factor) for factor in RANGE)
    return f"{low} to {high}"


def data(
    heading: str,
    setting: StepSetting,
    estimates: Sequence[Estimate],
    changes: Sequence[Change],
    gpu_gib: float | None = None,
) -> dict[str, Any]:
    """The same as data, sizes in bytes."""
    return {
        "title": heading,
        "class": estimates[-1].kind,
        "setting": asdict(setting),
        "ranks": [
            {"rank": one.rank}
            | asdict(one.count)
            | {
                "peak_bytes": one.peak,
                "range_bytes": [round(one.peak * factor) for factor in RANGE],
                "held_at_peak_bytes": one.held,
                "notes": list(one.notes),
            }
            | ({} if gpu_gib is None else {"fits": verdict(one.peak, gpu_gib)})
            for one in estimates
        ],
        "changes": [asdict(change) for change in changes],
        "not_covered": NOT_COVERED,
    }
