"""Estimate and truth side by side: counts and files, optimizer state, weights, peaks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lora_course.memory.adapter import lora_config
from lora_course.memory.estimates import count_parameters, estimate
from lora_course.memory.meta import adapted_model, base_model
from lora_course.memory.optimizers import state_bytes, storage_bytes
from lora_course.memory.quantised import weight_tensors
from lora_course.memory.setting import OPTIMIZERS, PRECISIONS, StepSetting
from lora_course.memory.validation import real
from lora_course.memory.validation.families import FAMILIES, adapters
from lora_course.memory.weights import weight_bytes

STEP = StepSetting(precision="fp32", batch_size=8, seq_length=256, on_cpu=True)
SETTINGS: dict[str, StepSetting] = {
    "fp32": STEP,
    "fp32, checkpointing": replace(STEP, checkpointing=True),
    "fp32, autocast": replace(STEP, autocast=True),
    "bf16": replace(STEP, precision="bf16"),
    "bf16, autocast, checkpointing": replace(
        STEP, precision="bf16", autocast=True, checkpointing=True
    ),
    "bf16, adapter bf16": replace(STEP, precision="bf16", adapter_precision="bf16"),
    "nf4": replace(STEP, precision="nf4"),
    "nf4, autocast, checkpointing": replace(
        STEP, precision="nf4", autocast=True, checkpointing=True
    ),
    "fp32, padded": replace(STEP, padded=True),
    "fp32, eager attention": replace(STEP, attention="eager"),
    "fp32, logits kept": replace(STEP, keep_logits=True),
    "fp32, 8-bit AdamW": replace(STEP, optimizer="adamw-8bit"),
    "fp32, Adafactor": replace(STEP, optimizer="adafactor"),
}
# Everything on one model, and the first five on all.
THOROUGH, ON_ALL = "Llama", tuple(SETTINGS)[:5]
# torch has the shapes of a grouped matrix product, which these are trained by, for bf16 alone.
EXPERTS = ("Mixtral", "Qwen3-MoE")


@dataclass(frozen=True)
class Pair:
    """An estimate beside the truth: bytes, or numbers of parameters."""

    family: str
    case: str
    estimate: tuple[int, ...]
    truth: tuple[int, ...]

    @property
    def error(self) -> float:
        """Largest relative difference, of parts that are not 0."""
        pairs = zip(self.estimate, self.truth, strict=True)
        return max((abs(a / b - 1) if b else float(a != b) for a, b in pairs), default=0.0)


def counts(families: Iterable[str] = FAMILIES) -> Iterator[Pair]:
    """Trainable, total, and bytes of the file; what PEFT refuses must be refused."""
    from peft import LoraConfig

    for name in families:
        family = FAMILIES[name]
        for case, arguments in adapters(family):
            lora = LoraConfig(**arguments)
            try:
                adapted = real.build(family.config, lora, STEP)
            except ValueError:  # nothing to adapt by that name
                truth: tuple[int, ...] = ()
            else:
                truth = (*adapted.get_nb_trainable_parameters(), real.file_bytes(adapted))
            try:
                found = count_parameters(family.config, lora, STEP)
            except ValueError:
                yield Pair(name, case, (), truth)
            else:
                yield Pair(name, case, (found.trainable, found.total, found.file_bytes), truth)


def optimizers(families: Iterable[str] = FAMILIES) -> Iterator[Pair]:
    """Bytes of each optimizer's state after a step."""
    for name in families:
        config, lora = FAMILIES[name].config, lora_config(40)
        for optimizer in OPTIMIZERS:
            truth = real.optimizer_bytes(optimizer, real.build(config, lora, STEP))
            found = state_bytes(optimizer, adapted_model(base_model(config), lora))
            yield Pair(name, optimizer, (found,), (truth,))


def weights(families: Iterable[str] = FAMILIES) -> Iterator[Pair]:
    """Bytes of the base model's weights in each precision, loaded as one would."""
    for name in families:
        config = FAMILIES[name].config
        for precision in PRECISIONS:
            setting = StepSetting(precision=precision)
            truth = storage_bytes(weight_tensors(real.base(config, setting)))
            found = weight_bytes(base_model(config, setting.dtype), precision)
            yield Pair(name, precision, (found,), (truth,))


def peaks(families: Iterable[str] = FAMILIES) -> Iterator[Pair]:
    """Bytes at the fullest moment of a step, against the CPU allocator."""
    for name in families:
        config, lora = FAMILIES[name].config, lora_config(8)
        for case, setting in SETTINGS.items():
            if name != THOROUGH and case not in ON_ALL:
                continue
            if name in EXPERTS and setting.dtype == "fp32":
                continue
            truth = real.peak_bytes(real.build(config, lora, setting), setting)
            yield Pair(name, case, (estimate(config, lora, setting).peak,), (truth,))
