"""The closed form of `estimate_model_memory` beside a traced step of the same model."""

from __future__ import annotations

from dataclasses import dataclass

from lora_course.memory.adapter import lora_config
from lora_course.memory.closed_form import estimate_model_memory
from lora_course.memory.estimates import estimate
from lora_course.memory.setting import StepSetting

WITHIN = 0.005


@dataclass(frozen=True)
class Case:
    """What both are asked."""

    model: str
    targets: str
    precision: str
    rank: int
    batch_size: int
    seq_length: int


CASES = (
    Case("Llama-3.2-1B", "all linear", "bf16", 16, 1, 2048),
    Case("Llama-3.2-1B", "query and value", "bf16", 8, 4, 512),
    Case("Llama-3.2-3B", "query and value", "bf16", 64, 4, 512),
    Case("Llama-2-7B", "all linear", "fp32", 8, 1, 1024),
    Case("Mistral-7B", "MLP", "bf16", 32, 2, 1024),
    Case("Llama-3.1-8B", "all linear", "bf16", 16, 1, 2048),
    Case("Llama-3.1-8B", "all linear", "nf4", 256, 1, 256),
    Case("Llama-3.1-8B", "attention", "nf4", 256, 4, 4096),
    Case("Llama-3.1-70B", "query and value", "nf4", 8, 1, 512),
)


@dataclass(frozen=True)
class Compared:
    """Both peaks, in MB."""

    case: Case
    closed: float
    traced: float

    @property
    def difference(self) -> float:
        """The closed form over the traced peak, minus 1."""
        return self.closed / self.traced - 1


def compared(case: Case) -> Compared:
    """The closed form and a trace of one case."""
    closed = estimate_model_memory(
        case.model,
        case.rank,
        case.targets,
        case.precision,
        batch_size=case.batch_size,
        seq_length=case.seq_length,
    )["total_mb"]
    setting = StepSetting(
        precision=case.precision, batch_size=case.batch_size, seq_length=case.seq_length
    )
    lora = lora_config(case.rank, case.targets)
    return Compared(case, closed, estimate(case.model, lora, setting).peak / 1e6)
