"""Figures that others published, beside what is estimated here for the same settings."""

from __future__ import annotations

from dataclasses import dataclass

from lora_course.memory.adapter import lora_config
from lora_course.memory.counts import Count
from lora_course.memory.estimates import count_parameters
from lora_course.memory.meta import adapted_model, base_model
from lora_course.memory.optimizers import state_bytes

PEFT_COMPARISON = "https://github.com/huggingface/peft/tree/main/method_comparison"


@dataclass(frozen=True)
class Published:
    """A published figure, ours, and where it is from."""

    what: str
    published: float
    ours: float
    unit: str
    source: str

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
