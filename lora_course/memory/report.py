"""Estimates as text, as data, and what fits a GPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from lora_course.memory.counts import Count
from lora_course.memory.estimates import ALLOWANCE, NOT_COVERED, Change, Estimate
from lora_course.memory.setting import StepSetting
from lora_course.memory.trace.peak import TEMPORARY
from lora_course.memory.trace.step import (
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
# Before a peak: whether its lower and its upper end is unknown.
MARKS = {(False, False): "", (False, True): "≥ ", (True, False): "≤ ", (True, True): "≈ "}


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


def verdict(
    peak: int, gpu_gib: float, expected: tuple[int | None, int | None] | None = None
) -> str:
    """Whether a step of that peak fits a GPU, given how far a trace can be from the truth."""
    room = gpu_gib * GIB
    low, high = (peak, round(peak * ALLOWANCE)) if expected is None else expected
    if high is not None and high <= room:
        return "fits"
    return "no" if low is not None and low > room else "may fit"


COUNTS = ("rank", "trainable", "share", "file")


def count_cells(rank: int, count: Count) -> list[str]:
    """A rank's counts, under the heads COUNTS."""
    share = f"{count.trainable / count.total:.3%}"
    return [str(rank), f"{count.trainable:,}", share, size(count.file_bytes)]


def counts_text(heading: str, counted: Mapping[int, Count]) -> str:
    """Counts alone, to read in a terminal."""
    rows = [count_cells(rank, count) for rank, count in counted.items()]
    rank, last = list(counted.items())[-1]
    parts = [heading, "", aligned(COUNTS, rows), "", without(rank, last)]
    notes = dict.fromkeys((rank, note) for rank, count in counted.items() for note in count.notes)
    return "\n".join([*parts, *(f"Rank {rank}: {note}." for rank, note in notes)])


def counts_data(counted: Mapping[int, Count]) -> list[dict[str, Any]]:
    """The same as data."""
    return [{"rank": rank} | asdict(count) for rank, count in counted.items()]


def without(rank: int, count: Count) -> str:
    """What of the base gets no adapter, largest share first."""
    if not count.without:
        return f"At rank {rank} every parameter of the base gets an adapter, or trains."
    shares = sorted(count.without.items(), key=lambda item: -item[1])
    kinds = ", ".join(f"{kind} {share:.2%}" for kind, share in shares)
    return f"Of the base {sum(count.without.values()):.1%} get no adapter: {kinds}."


def table(estimates: Sequence[Estimate], gpu_gib: float | None = None) -> str:
    """A line for every rank: parameters, the adapter's file, the peak and its parts."""
    heads = [*COUNTS, *GROUPS, "peak"]
    rows = [
        [
            *count_cells(one.rank, one.count),
            *map(size, grouped(one.held).values()),
            f"{MARKS[one.expected[0] is None, one.expected[1] is None]}{size(one.peak)}",
        ]
        for one in estimates
    ]
    if estimates[0].step.evaluation is not None:
        heads.append("evaluation")
        for row, one in zip(rows, estimates, strict=True):
            row.append(size(one.step.evaluation or 0))
    if gpu_gib is not None:
        heads.append(f"{gpu_gib:g} GiB")
        for row, one in zip(rows, estimates, strict=True):
            row.append(verdict(_fullest(one), gpu_gib, _ends(one)))
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
    parts += ["", *_operations(estimates), without(last.rank, last.count)]
    parts += [f"Not counted: {NOT_COVERED}.", _expected(last)]
    parts += dict.fromkeys(
        f"Not exact: {reason.reason}." for one in estimates for reason in one.inexact
    )
    notes = dict.fromkeys((one.rank, note) for one in estimates for note in one.notes)
    parts += [f"Rank {rank}: {note}." for rank, note in notes]
    return "\n".join(parts)


def _fullest(one: Estimate) -> int:
    """The peak of a step, or of an evaluation where that takes more."""
    return max(one.peak, one.step.evaluation or 0)


def _ends(one: Estimate) -> tuple[int | None, int | None]:
    """What to expect of the fuller of the two."""
    low, high = one.expected
    more = _fullest(one) - one.peak
    return None if low is None else low + more, None if high is None else high + more


def _operations(estimates: Sequence[Estimate]) -> list[str]:
    """The step's arithmetic: a time that holds for any device, as operations."""
    first, last = estimates[0], estimates[-1]
    shares = " to ".join(dict.fromkeys(f"{one.share_of_full_tuning:.0%}" for one in (first, last)))
    tera = " to ".join(dict.fromkeys(f"{one.step.flops / 1e12:,.3g}" for one in (first, last)))
    return [f"A step is {tera} TFLOP (10¹² operations), {shares} of a step of full tuning."]


def _expected(one: Estimate) -> str:
    """The range, in words."""
    low, high = (None if end is None else size(end) for end in one.expected)
    if low and high:
        reserved = size(one.reserved or 0)
        return (
            f"Expect {low} to {high} at rank {one.rank}; PyTorch's allocator may take up to"
            f" {reserved} of the GPU, which nvidia-smi shows."
        )
    if low:
        return f"Expect {low} or more at rank {one.rank}."
    return f"Expect {high} or less at rank {one.rank}." if high else "Nobody knows the range."


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
                "exact": not one.inexact,
                "inexact": [asdict(reason) for reason in one.inexact],
                "range_bytes": list(one.expected),
                "reserved_at_most_bytes": one.reserved,
                "held_at_peak_bytes": one.held,
                "evaluation_bytes": one.step.evaluation,
                "flops": one.step.flops,
                "share_of_full_tuning": one.share_of_full_tuning,
                "notes": list(one.notes),
            }
            | ({} if gpu_gib is None else {"fits": verdict(_fullest(one), gpu_gib, _ends(one))})
            for one in estimates
        ],
        "changes": [asdict(change) for change in changes],
        "not_covered": NOT_COVERED,
    }
