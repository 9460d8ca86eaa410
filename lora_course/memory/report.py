"""Estimates as text, and what fits a GPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lora_course.memory.changes import Change
from lora_course.memory.counts import Count
from lora_course.memory.estimates import NOT_COVERED, Estimate
from lora_course.memory.inexact import ABOVE, BELOW, NEAR
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
SMALL = 0.0005  # of the parameters: less is told with the rest


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


def verdict(one: Estimate, gpu_gib: float) -> str:
    """Whether a step and an evaluation fit a GPU, given how far a trace can be from the truth."""
    room, (low, high) = gpu_gib * GIB, one.needed
    if high is not None and high <= room:
        return "fits"
    return "no" if low > room else "may fit"


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
    return "\n".join([*parts, *_told({rank: count.notes for rank, count in counted.items()})])


def _told(notes: Mapping[int, Sequence[str]]) -> list[str]:
    """Notes by rank as sentences; what holds of every rank is told once and without one."""
    lines: dict[str, None] = {}
    for rank, own in notes.items():
        for note in own:
            common = all(note in others for others in notes.values())
            lines[f"{note[0].upper()}{note[1:]}." if common else f"Rank {rank}: {note}."] = None
    return list(lines)


def without(rank: int, count: Count) -> str:
    """What of the base gets no adapter, largest share first."""
    if not count.without:
        return f"At rank {rank} every parameter of the base gets an adapter, or trains."
    large = {kind: share for kind, share in count.without.items() if share >= SMALL}
    kinds = [f"{kind} {large[kind]:.1%}" for kind in sorted(large, key=large.__getitem__)[::-1]]
    total = sum(count.without.values())
    return f"Of the base {total:.1%} get no adapter: {', '.join(kinds) or 'norms and the like'}."


def table(estimates: Sequence[Estimate], gpu_gib: float | None = None) -> str:
    """A line for every rank: parameters, the adapter's file, the peak and its parts."""
    heads = [*COUNTS, *GROUPS, "peak"]
    rows = [
        [
            *count_cells(one.rank, one.count),
            *map(size, grouped(one.held).values()),
            f"{_mark(one)}{size(one.peak)}",
        ]
        for one in estimates
    ]
    if estimates[0].step.evaluation is not None:
        heads.append("evaluation")
        for row, one in zip(rows, estimates, strict=True):
            row.append(f"{_mark(one)}{size(one.step.evaluation or 0)}")
    if gpu_gib is not None:
        heads.append(f"{gpu_gib:g} GiB = {size(gpu_gib * GIB)}")
        for row, one in zip(rows, estimates, strict=True):
            row.append(verdict(one, gpu_gib))
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
        f"The parts are those of a step's fullest moment. Gradients ({size(gradients)} at rank"
        f" {last.rank}) come as activations go: mostly after it."
    )
    if changes:
        parts += ["", f"At rank {last.rank} ({size(last.fullest)}), what frees most:"]
        width = max(len(change.what) for change in changes)
        for change in changes:
            freed = last.fullest - change.after.fullest
            line = f"  {change.what:<{width}}  {size(freed):>8}  ({freed / last.fullest:.0%})"
            if gpu_gib is not None:
                line += f"  then: {verdict(change.after, gpu_gib)}"
            parts.append(line)
    parts += ["", *_operations(estimates), without(last.rank, last.count)]
    parts += [f"Not counted: {NOT_COVERED}.", _expected(last)]
    parts += dict.fromkeys(
        f"Not exact: {reason.reason}." for one in estimates for reason in one.inexact
    )
    parts += _told({one.rank: one.notes for one in estimates})
    return "\n".join(parts)


def _mark(one: Estimate) -> str:
    """Before a figure: whether a real one is larger, smaller, or near it, for a reason that is
    told."""
    sides = {reason.truth for reason in one.inexact}
    if len(sides) > 1:
        return "≈ "
    return {ABOVE: "≥ ", BELOW: "≤ ", NEAR: "≈ "}[sides.pop()] if sides else ""


def _operations(estimates: Sequence[Estimate]) -> list[str]:
    """The step's arithmetic: a time that holds for any device, as operations."""
    first, last = estimates[0], estimates[-1]
    shares = " to ".join(dict.fromkeys(f"{one.share_of_full_tuning:.0%}" for one in (first, last)))
    flops = (one.step.flops / 1e12 for one in (first, last))
    tera = " to ".join(dict.fromkeys(f"{n:,.0f}" if n >= 100 else f"{n:.3g}" for n in flops))
    return [f"A step is {tera} TFLOP (10¹² operations), {shares} of a step of full tuning."]


def _expected(one: Estimate) -> str:
    """The range, in words."""
    low, high = one.expected
    text = f"Expect {size(low)} or more at rank {one.rank}"
    if high is not None:
        text = (
            f"Expect {size(low)} to {size(high)} at rank {one.rank}; PyTorch's allocator may take"
            f" up to {size(one.reserved or 0)} of the GPU, which nvidia-smi shows"
        )
    if one.fullest > one.peak:
        return f"{text}. An evaluation's batch takes more: {size(one.fullest)}."
    return f"{text}."
