"""All that one wants to know of a training step's memory: counts, a traced step, what to expect."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

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
from lora_course.memory.trace.step import WEIGHTS, Step, static_bytes, traced
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
    step = step_of(config, lora, setting, repeated_layers(adapted, config))
    inexact = (*step.inexact, *([PAGED_STATE] if paged else []))
    chunks = takes_chunks(adapted.get_base_model())
    return Estimate(lora.r, type(base).__name__, counted, step, paged, chunks, inexact, notes)


def step_of(config: Any, lora: Any, setting: StepSetting, layers: int) -> Step:
    """A traced step, where `layers` are alike from traces of a few of them."""

    def with_layers(count: int) -> Step:
        base = _base(shortened(config, count) if count else config, lora, setting)
        if setting.precision.startswith("nf4"):
            with_4_bit_layers(base, double=setting.precision == "nf4")
        return traced(_adapted(base, lora, setting), setting)

    step = extended_step(with_layers, layers) if layers else with_layers(0)
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
