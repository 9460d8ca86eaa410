"""Which single change of a training step frees most memory: each is tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from lora_course.display.progress_bar import with_progress
from lora_course.memory.estimates import Estimate, estimate
from lora_course.memory.setting import QUANTISED, Setting


@dataclass(frozen=True)
class Change:
    """A change in words, and the peak in bytes that it leads to."""

    what: str
    peak: int


def changes(
    model: Any,
    before: Estimate,
    lora: Callable[[int], Any],
    setting: Setting,
    progress: bool = False,
) -> list[Change]:
    """Every change that frees something, the one that frees most first."""
    tried = [
        Change(what, estimate(model, lora(rank), other).peak)
        for what, rank, other in with_progress(
            list(_candidates(before.rank, setting)), "changes", progress
        )
    ]
    return sorted(
        (change for change in tried if change.peak < before.peak), key=lambda change: change.peak
    )


def _candidates(rank: int, setting: Setting) -> Iterator[tuple[str, int, Setting]]:
    """What to change, in words, and the rank and the setting with it."""
    if not setting.checkpointing:
        yield "gradient checkpointing", rank, replace(setting, checkpointing=True)
    if setting.precision not in QUANTISED:
        yield "4-bit base weights (nf4)", rank, replace(setting, precision="nf4")
    if setting.precision == "fp32":
        yield "base weights in bf16", rank, replace(setting, precision="bf16")
    if not setting.autocast and setting.adapter_precision == "fp32":
        yield "autocast to bf16", rank, replace(setting, autocast=True)
    if setting.optimizer == "adamw":
        yield "8-bit AdamW", rank, replace(setting, optimizer="adamw-8bit")
    if setting.batch_size > 1:
        half = setting.batch_size // 2
        yield f"a batch of {half}", rank, replace(setting, batch_size=half)
    if setting.seq_length > 1:
        half = setting.seq_length // 2
        yield f"sequences of {half:,} tokens", rank, replace(setting, seq_length=half)
    if rank > 1:
        yield f"rank {rank // 2}", rank // 2, setting
