"""Which changes of a setting free most memory: each is traced, none is guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from lora_course.display.progress_bar import track
from lora_course.memory.configs import load_config
from lora_course.memory.estimates import Estimate, step_of
from lora_course.memory.setting import QUANTISED, StepSetting
from lora_course.memory.trace.step import LOGITS

CHUNK = 1024  # tokens: what is tried where the loss is taken of all at once


@dataclass(frozen=True)
class Change:
    """A change in words, and the estimate that it leads to."""

    what: str
    after: Estimate


def changes(
    model: Any,
    before: Estimate,
    lora: Callable[[int], Any],
    setting: StepSetting,
    progress: bool = False,
    others: Iterable[Estimate] = (),
) -> list[Change]:
    """Every change that frees something, the one that frees most first. `others`: estimates of
    other ranks that are there already."""
    config = load_config(model)
    known = {one.rank: one for one in others}
    tried = [
        Change(
            what,
            known[rank]
            if other == setting and rank in known
            else replace(
                before, rank=rank, step=step_of(config, lora(rank), other, before.step.layers)
            ),
        )
        for what, rank, other in track(list(_candidates(before, setting)), "changes", progress)
    ]
    return sorted(
        (change for change in tried if change.after.fullest < before.fullest),
        key=lambda change: change.after.fullest,
    )


def _candidates(before: Estimate, setting: StepSetting) -> Iterator[tuple[str, int, StepSetting]]:
    """What to change, in words, and the rank and the setting with it."""
    rank = before.rank
    chunks = LOGITS in before.held and before.chunks and not setting.loss_chunk
    if chunks:
        yield (
            f"a loss of {CHUNK:,} tokens at a time",
            rank,
            replace(setting, loss_chunk=CHUNK),
        )
    if not setting.checkpointing and setting.precision not in QUANTISED:
        together: dict[str, Any] = {"checkpointing": True, "precision": "nf4", "autocast": True}
        words = "checkpointing, nf4 and autocast together"
        if chunks:
            together["loss_chunk"], words = CHUNK, f"{words}, with such a loss"
        yield words, rank, replace(setting, **together)
    if setting.eval_batch_size is not None and setting.eval_batch_size > 1:
        half = setting.eval_batch_size // 2
        yield f"an evaluation's batch of {half}", rank, replace(setting, eval_batch_size=half)
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
