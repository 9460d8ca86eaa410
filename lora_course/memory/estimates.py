"""All that one wants to know of a training step's memory, and which single change frees most."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from lora_course.display.progress_bar import track
from lora_course.memory.configs import load_config, quantisation
from lora_course.memory.counts import Count, count
from lora_course.memory.inexact import ABOVE, BELOW, INT8, PAGED_STATE, Inexact
from lora_course.memory.meta import DTYPES, adapted_model, base_model
from lora_course.memory.notes import precision_notes
from lora_course.memory.optimizers import PAGED, state_bytes
from lora_course.memory.positions import require_positions
from lora_course.memory.quantised import with_4_bit_layers
from lora_course.memory.setting import QUANTISED, StepSetting
from lora_course.memory.trace.losses import takes_chunks
from lora_course.memory.trace.repeated import extended_step, repeated_layers, shortened
from lora_course.memory.trace.step import LOGITS, WEIGHTS, Step, static_bytes, traced
from lora_course.memory.usual import require_stored, usual_setting
from lora_course.memory.weights import quantised_share, weight_bytes

NOT_COVERED = (
    "the allocator's rounding and fragmentation, the GPU's context (some hundred MB), buffers of"
    " fused kernels that differ from PyTorch's own, several devices"
)
# An allowance for those: published peaks of an A100 lie 2 to 3% above a trace (docs/memory.md).
ALLOWANCE = 1.07
# What the allocator takes from the GPU over what it gives out, 1.11 to 1.23 in published runs of
# one model (docs/memory.md): what nvidia-smi shows. It gives back before it runs out.
RESERVED = 1.23
CHUNK = 1024  # tokens: what is tried where the loss is taken of all at once


@contextmanager
def _collection_paused() -> Iterator[None]:
    """Building makes many small objects that stay: looking for garbage among them takes time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@dataclass(frozen=True)
class Estimate:
    """Counts, and what a step takes.

    `kind`: the class of transformers that it is trained as. `step`: see `trace.step.Step`.
    `paged`: bytes of optimizer state that may lie elsewhere. `chunks`: whether its loss can be
    taken in chunks. `inexact`: why the peak is none of a real step; `notes`: what to know of it.
    """

    rank: int
    kind: str
    count: Count
    step: Step
    paged: int = 0
    chunks: bool = False
    inexact: tuple[Inexact, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def held(self) -> dict[str, int]:
        """Bytes at the fullest moment by kind (see trace.step.KINDS)."""
        return self.step.held

    @property
    def peak(self) -> int:
        """Bytes at the fullest moment."""
        return self.step.peak

    @property
    def expected(self) -> tuple[int, int | None]:
        """What to expect of PyTorch's own count, in bytes.

        Where a real step takes less than the figure, it takes at least what stays from step to
        step; where it takes more, nobody knows how much: None.
        """
        sides = {one.truth for one in self.inexact}
        low = static_bytes(self.held) if BELOW in sides else self.peak
        high = round((self.peak + self.paged) * ALLOWANCE)
        return low, None if ABOVE in sides else high

    @property
    def fullest(self) -> int:
        """Bytes at the peak of a step, or of an evaluation's batch where that takes more."""
        return max(self.peak, self.step.evaluation or 0)

    @property
    def needed(self) -> tuple[int, int | None]:
        """What to expect where an evaluation counts too."""
        low, high = self.expected
        evaluation = self.step.evaluation or 0
        least = low if low < self.peak else max(low, evaluation)
        return least, None if high is None else max(high, round(evaluation * ALLOWANCE))

    @property
    def reserved(self) -> int | None:
        """Bytes that the allocator may take from the GPU, at most; None as in `expected`."""
        high = self.expected[1]
        return None if high is None else round(high * RESERVED / ALLOWANCE)

    @property
    def share_of_full_tuning(self) -> float:
        """The step's operations over those of a step that trains the whole model.

        That one is taken as three forward passes, four with checkpointing: the backward pass takes
        two products, for inputs and for weights, where the forward pass takes one.
        """
        passes = 4 if self.step.checkpointing else 3
        return self.step.flops / max(passes * self.step.forward_flops, 1)


def estimate(model: Any, lora: Any, setting: StepSetting | None = None) -> Estimate:
    """Count exactly, and trace one step on fake tensors: nothing is downloaded or allocated.

    `model`: see `load_config`; `lora`: a `peft.LoraConfig` or `lora_config(rank, …)`. LengthError
    for sequences that the model has no positions for; TraceError when the step cannot be traced:
    `count_parameters` may work nevertheless.
    """
    config = load_config(model)
    setting = setting or usual_setting(config)
    require_stored(config, setting)
    base = _base(config, lora, setting)
    require_positions(base, setting.seq_length)
    quantised = quantised_share(base) if setting.precision in QUANTISED else 1.0
    adapted = _adapted(base, lora, setting)
    counted = count(adapted)
    notes = (
        *counted.notes,
        *precision_notes(setting.precision, quantised, quantisation(config)),
    )
    paged = state_bytes(setting.optimizer, adapted) if setting.optimizer in PAGED else 0
    step = _step(config, lora, setting, repeated_layers(adapted, config))
    inexact = (*step.inexact, *([PAGED_STATE] if paged else []))
    chunks = takes_chunks(adapted.get_base_model())
    return Estimate(lora.r, type(base).__name__, counted, step, paged, chunks, inexact, notes)


def _step(config: Any, lora: Any, setting: StepSetting, layers: int) -> Step:
    """A traced step, where `layers` are alike from traces of a few of them."""

    def step_of(count: int) -> Step:
        base = _base(shortened(config, count) if count else config, lora, setting)
        if setting.precision.startswith("nf4"):
            with_4_bit_layers(base, double=setting.precision == "nf4")
        return traced(_adapted(base, lora, setting), setting)

    step = extended_step(step_of, layers) if layers else step_of(0)
    if setting.precision != "int8":
        return step
    int8 = weight_bytes(_base(config, lora, setting), "int8")  # traced in bf16
    phases = tuple(held | {WEIGHTS: int8} for held in step.phases)
    return replace(step, phases=phases, inexact=(*step.inexact, INT8))


def with_reasons(found: Estimate, reasons: Iterable[Inexact]) -> Estimate:
    """The estimate with more reasons why it is not exact."""
    return replace(found, inexact=(*found.inexact, *reasons))


@_collection_paused()
def count_parameters(model: Any, lora: Any, setting: StepSetting | None = None) -> Count:
    """The counts alone: exact, and without a step to trace. Of the setting only types matter."""
    setting = setting or StepSetting()
    return count(_adapted(_base(load_config(model), lora, setting), lora, setting))


def _base(config: Any, lora: Any, setting: StepSetting) -> Any:
    """The model with the head that the adapter's task asks for."""
    return base_model(config, setting.dtype, setting.attention, lora.task_type)


def _adapted(base: nn.Module, lora: Any, setting: StepSetting) -> Any:
    """With adapters in the setting's type: on meta PEFT leaves them fp32 whatever it is told."""
    adapted = adapted_model(base, lora)
    if setting.adapter_precision == "fp32":
        return adapted
    for name, parameter in adapted.named_parameters():
        if "lora_" in name:
            parameter.data = parameter.data.to(DTYPES[setting.adapter_precision])
    return adapted


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
                before, rank=rank, step=_step(config, lora(rank), other, before.step.layers)
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
