"""Figures that others published, beside what is estimated here for the same settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lora_course.memory.adapter import lora_config
from lora_course.memory.counts import Count
from lora_course.memory.estimates import count_parameters, estimate
from lora_course.memory.meta import adapted_model, base_model
from lora_course.memory.optimizers import state_bytes
from lora_course.memory.setting import StepSetting
from lora_course.memory.trace.step import static_bytes

PEFT_COMPARISON = (
    "PEFT's comparison, one L40S",
    "https://github.com/huggingface/peft/tree/main/method_comparison",
)
# float16, gradient checkpointing, FlashAttention, 4,096 tokens, no autocast: rows 12 and 14.
FMS_ACCELERATION = (
    "fms-acceleration's benchmarks, one A100",
    "https://github.com/foundation-model-stack/fms-acceleration/blob/main/scripts/benchmarks/refs/"
    "a100_80gb.csv",
)
A100 = {4: (26_108_963_328, 15_119_590_912), 8: (37_098_695_168, 15_119_984_128)}


@dataclass(frozen=True)
class Published:
    """A published figure, ours, and where it is from: a name and an address."""

    what: str
    published: float
    ours: float
    unit: str
    source: tuple[str, str]

    @property
    def difference(self) -> float:
        """Ours over the published one, minus 1."""
        return self.ours / self.published - 1


def published() -> list[Published]:
    """PEFT's method comparison on Llama-3.2-3B, query and value: ranks 32 and 64, one L40S."""
    found: dict[int, Count] = {}
    held: dict[int, int] = {}
    for rank in (32, 64):
        lora = lora_config(rank, ["q_proj", "v_proj"])
        found[rank] = count_parameters("Llama-3.2-3B", lora)
        state = state_bytes("adamw", adapted_model(base_model("Llama-3.2-3B"), lora))
        held[rank] = 2 * 4 * found[rank].trainable + state  # fp32 weights and gradients
    return [
        Published(
            f"Llama-3.2-3B, rank {rank} on q_proj and v_proj: trainable parameters",
            count,
            found[rank].trainable,
            "",
            PEFT_COMPARISON,
        )
        for rank, count in ((32, 9_175_040), (64, 18_350_080))
    ] + [
        Published(
            "the same, memory of rank 64 less that of rank 32, mean over a training",
            146.58,
            (held[64] - held[32]) / 1e6,
            "MB",
            PEFT_COMPARISON,
        )
    ]


def published_peaks() -> Iterator[Published]:
    """Mistral-7B, rank 16 on attention: the peak, and what comes on top of what is always there."""
    lora = lora_config(16, ["q_proj", "k_proj", "v_proj", "o_proj"])
    for batch, (peak, static) in A100.items():
        setting = StepSetting(
            precision="fp16",
            adapter_precision="fp16",
            batch_size=batch,
            seq_length=4096,
            checkpointing=True,
        )
        held = estimate("Mistral-7B", lora, setting).held
        ours, ours_static = sum(held.values()), static_bytes(held)
        what = f"Mistral-7B, rank 16 on attention, {batch}×4,096 tokens, checkpointing: peak"
        yield Published(what, peak / 1e6, ours / 1e6, "MB", FMS_ACCELERATION)
        yield Published(
            "the same without what is there before the step",
            (peak - static) / 1e6,
            (ours - ours_static) / 1e6,
            "MB",
            FMS_ACCELERATION,
        )
