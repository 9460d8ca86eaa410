"""Estimate and truth side by side: counts and files, optimizer state, weights, peaks."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from lora_course.memory.adapter import adapter_from, lora_config
from lora_course.memory.estimates import count_parameters, estimate
from lora_course.memory.meta import REFUSALS, adapted_model, base_model
from lora_course.memory.optimizers import state_bytes, storage_bytes
from lora_course.memory.quantised import weight_tensors
from lora_course.memory.setting import OPTIMIZERS, PRECISIONS, StepSetting
from lora_course.memory.validation import real
from lora_course.memory.validation.adapters import adapters
from lora_course.memory.validation.by_field import BY_FIELD
from lora_course.memory.validation.decoders import DECODERS
from lora_course.memory.validation.families import EVERY, FAMILIES
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
DROPOUT = {"lora_dropout": 0.1}
CHUNKS = replace(STEP, loss_chunk=256)
# Without a state of the optimizer, which the truth is measured without.
EVALUATION = replace(STEP, optimizer="sgd", eval_batch_size=16)
MORE_SETTINGS: dict[str, tuple[StepSetting, dict[str, Any]]] = {
    "fp32, dropout": (STEP, DROPOUT),
    "bf16, checkpointing, dropout": (
        replace(STEP, precision="bf16", checkpointing=True),
        DROPOUT,
    ),
    "fp32, loss in chunks": (CHUNKS, {}),
    "bf16, autocast, checkpointing, loss in chunks": (
        replace(CHUNKS, precision="bf16", autocast=True, checkpointing=True),
        {},
    ),
    "fp32, evaluation": (EVALUATION, {}),
    "bf16, autocast, evaluation": (replace(EVALUATION, precision="bf16", autocast=True), {}),
}
MORE_ON = ("Llama", "Llama, tied", "Qwen3", "Gemma 2", "Phi-3", "GPT-2", "BERT", "T5", "ViT")
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


def counts(families: Iterable[str] = EVERY) -> Iterator[Pair]:
    """Trainable, total, and bytes of the file; what PEFT refuses must be refused."""
    for name in families:
        family = EVERY[name]
        bases: dict[str | None, Any] = {}  # by task
        for case, arguments in (*adapters(family), *BY_FIELD.get(name, ())):
            truth = _counted(family.config, arguments, bases)
            try:
                found = count_parameters(family.config, adapter_from(arguments), STEP)
            except ValueError:
                yield Pair(name, case, (), truth)
            else:
                yield Pair(name, case, (found.trainable, found.total, found.file_bytes), truth)


def _counted(
    config: dict[str, Any], arguments: dict[str, Any], bases: dict[str | None, Any]
) -> tuple[int, ...]:
    """What PEFT counts, on a copy of the real base for the task; empty where it refuses."""
    from peft import LoraConfig

    task = arguments.get("task_type")
    try:
        lora = LoraConfig(**arguments)
        if task not in bases:
            bases[task] = real.base(config, STEP, task)
        adapted = real.adapted(copy.deepcopy(bases[task]), lora, STEP)
        return (*adapted.get_nb_trainable_parameters(), real.file_bytes(adapted))
    except REFUSALS:
        return ()


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
        config = EVERY[name].config
        for precision in PRECISIONS:
            setting = StepSetting(precision=precision)
            truth = storage_bytes(weight_tensors(real.base(config, setting)))
            found = weight_bytes(base_model(config, setting.dtype), precision)
            yield Pair(name, precision, (found,), (truth,))


def peaks(families: Iterable[str] = FAMILIES) -> Iterator[Pair]:
    """Bytes at the fullest moment of a step, against the CPU allocator."""
    for name in families:
        for case, setting in SETTINGS.items():
            if name in EXPERTS and setting.dtype == "fp32":
                continue
            if name == THOROUGH or case in ON_ALL:
                yield _peak(name, case, setting, {})


def more_peaks(families: Iterable[str] = MORE_ON) -> Iterator[Pair]:
    """The same with dropout in the adapter, with a loss in chunks, and of an evaluation's batch."""
    for name in families:
        for case, (setting, fields) in MORE_SETTINGS.items():
            if name in DECODERS or not setting.loss_chunk:
                yield _peak(name, case, setting, fields)


def _peak(name: str, case: str, setting: StepSetting, fields: dict[str, Any]) -> Pair:
    config, lora = FAMILIES[name].config, lora_config(8, **fields)
    adapted = real.build(config, lora, setting)
    found = estimate(config, lora, setting)
    if found.step.evaluation is None:
        return Pair(name, case, (found.peak,), (real.peak_bytes(adapted, setting),))
    return Pair(name, case, (found.step.evaluation,), (real.evaluation_bytes(adapted, setting),))
