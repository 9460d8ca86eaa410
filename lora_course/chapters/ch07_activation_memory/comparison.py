"""LoRA and full tuning of one model beside each other, and where LoRA begins to take more."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from lora_course.memory import Estimate, StepSetting, estimate, full_tuning
from lora_course.memory.report import size
from lora_course.memory.trace.step import (
    ACTIVATIONS,
    ADAPTER,
    GRADIENTS,
    LOGITS,
    OPTIMIZER,
    WEIGHTS,
    Step,
    static_bytes,
)

FULL, LORA = "full tuning", "LoRA"
LONG = 8192  # tokens: then more is held as the loss is taken than as gradients are


@dataclass(frozen=True)
class Line:
    """Bytes at the peak as a line: what `stays` whatever the batch, and what `each` token adds."""

    stays: int
    each: float


def line(step: Step, tokens: int) -> Line:
    """The line of a step of so many tokens: many, so that its peak is where the loss is taken."""
    stays = static_bytes(step.held)
    return Line(stays, (step.peak - stays) / tokens)


def break_even(lora: Line, full: Line) -> float | None:
    """From how many tokens in a step on LoRA's peak is the higher one; None: never."""
    if lora.each <= full.each:
        return None
    return (full.stays - lora.stays) / (lora.each - full.each)


@lru_cache(maxsize=64)
def traced_full(model: str, setting: StepSetting) -> Step:
    """`full_tuning`, remembered: no option of an adapter changes it."""
    return full_tuning(model, setting)


@dataclass(frozen=True)
class Comparison:
    """LoRA and full tuning of one model, a step each of the same batch."""

    lora: Estimate
    full: Step
    tokens: int
    from_tokens: float | None
    """From how many tokens in a step on LoRA takes more; None: never."""

    @property
    def held(self) -> dict[str, Mapping[str, int]]:
        """Bytes by kind at each one's peak."""
        return {FULL: self.full.held, LORA: self.lora.held}

    @property
    def words(self) -> str:
        """The break-even in a sentence."""
        if self.from_tokens is None:
            return "LoRA takes less memory than full tuning, whatever the length"
        return f"LoRA takes more memory than full tuning from {self.from_tokens:,.0f} tokens a step"

    def __str__(self) -> str:
        rows = [
            f"{'':12} {'weights':>9} {'trained':>9} {'activations':>12} {'logits':>9}      peak"
        ]
        for name, held in self.held.items():
            trained = sum(held.get(kind, 0) for kind in (ADAPTER, GRADIENTS, OPTIMIZER))
            parts = [held[WEIGHTS], trained, held[ACTIVATIONS], held.get(LOGITS, 0)]
            weights, trained_size, kept, logits = map(size, parts)
            rows.append(
                f"{name:12} {weights:>9} {trained_size:>9} {kept:>12} {logits:>9}"
                f" {size(sum(held.values())):>9}"
            )
        return "\n".join([*rows, f"{self.words}; this step has {self.tokens:,}."])


def compare(model: str, lora: Any, setting: StepSetting) -> Comparison:
    """Both, traced. `model`: a name of `PRESETS`, a folder, a config.json; `lora`: its adapter."""
    tokens = setting.batch_size * setting.seq_length
    times = math.ceil(LONG / tokens)
    many = replace(setting, batch_size=times * setting.batch_size)
    short = estimate(model, lora, setting)
    long = estimate(model, lora, many) if times > 1 else short
    lines = line(long.step, times * tokens), line(traced_full(model, many), times * tokens)
    return Comparison(short, traced_full(model, setting), tokens, break_even(*lines))
