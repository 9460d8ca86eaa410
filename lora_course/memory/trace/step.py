"""One training step on fake tensors: its peak and what it is made of, without allocating it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from lora_course.core.layers import trainable_parameters
from lora_course.memory.inexact import RECURRENT, Inexact
from lora_course.memory.internals import InternalsMovedError
from lora_course.memory.optimizers import PAGED, WITHOUT_FAKES, primed, state_tensors
from lora_course.memory.quantised import weight_tensors
from lora_course.memory.setting import StepSetting
from lora_course.memory.trace.fakes import fakes, to_fake
from lora_course.memory.trace.fused import as_on_a_gpu
from lora_course.memory.trace.inputs import batch_of
from lora_course.memory.trace.losses import chunked, forward, require_chunks
from lora_course.memory.trace.peak import TEMPORARY, StorageLog
from lora_course.silence import silence_libraries

WEIGHTS, ADAPTER, GRADIENTS, OPTIMIZER = "weights", "adapter", "gradients", "optimizer"
ACTIVATIONS, LOGITS = "activations", "logits"
KINDS = (WEIGHTS, ADAPTER, GRADIENTS, OPTIMIZER, ACTIVATIONS, LOGITS, TEMPORARY)
# Parts of the names of functions that read a sequence token by token, or chunk by chunk.
SCANS = ("selective_scan", "chunk_scan", "delta_rule", "chunk_kda")


class TraceError(ValueError):
    """A training step that does not run on fake tensors."""


@dataclass(frozen=True)
class Step:
    """What a traced step took.

    `phases`: of each of its phases the bytes by kind (see KINDS) at its fullest moment.
    `forward_flops`, `flops`: floating-point operations of the forward pass and of the step.
    `evaluation`: bytes at the fullest moment of an evaluation's batch, where one was asked for.
    `inexact`: what of a real step is not in it. `layers`: how many the trace of a few was extended
    to, 0 where all were traced.
    """

    phases: tuple[dict[str, int], ...]
    forward_flops: int
    flops: int
    checkpointing: bool
    evaluation: int | None = None
    inexact: tuple[Inexact, ...] = ()
    layers: int = 0

    @property
    def peak(self) -> int:
        """Bytes at the fullest moment."""
        return sum(self.held.values())

    @property
    def held(self) -> dict[str, int]:
        """Bytes by kind at the fullest moment of all."""
        return max(self.phases, key=lambda held: sum(held.values()))


def prepare(model: Any, setting: StepSetting) -> None:
    """Put `model`, wrapped by PEFT, in training, with checkpointing if wanted."""
    if setting.checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        model.enable_input_require_grads()
    model.train()


@silence_libraries()
def traced(model: Any, setting: StepSetting) -> Step:
    """One step of `model`, on meta so far, and an evaluation's batch if the setting has one.

    `model` becomes one of fake tensors on the CPU. The optimizer has its state already, and
    gradients are set to None after each step.
    """
    base = model.get_base_model()
    if setting.loss_chunk:
        require_chunks(base)
    prepare(model, setting)
    _leave_nothing_to_values(base.config)
    on_meta = primed(setting.optimizer, model) if setting.optimizer in WITHOUT_FAKES else None
    with fakes(setting.padded), nullcontext() if setting.on_cpu else as_on_a_gpu():
        to_fake(model)
        optimizer = on_meta or primed(setting.optimizer, model)
        try:
            step = run_step(model, optimizer, setting)
            if setting.eval_batch_size is None:
                return step
            return replace(step, evaluation=run_evaluation(model, optimizer, setting))
        except InternalsMovedError:
            raise
        except Exception as error:  # whatever a model's code does that fake tensors cannot
            raise TraceError(
                f"a step of {type(base).__name__} cannot be traced: {type(error).__name__}:"
                f" {str(error).strip().splitlines()[0][:200] if str(error).strip() else ''} A real"
                " one may fail as well. Counts do not need it: --counts, or count_parameters()"
            ) from error


def _leave_nothing_to_values(config: Any) -> None:
    """Say in the configuration what a model would ask tensors for, which have no values here."""
    if getattr(config, "problem_type", None) is None and config.num_labels > 1:
        config.problem_type = "single_label_classification"  # DeBERTa looks at the labels
    if getattr(config, "layerdrop", 0):  # wav2vec 2.0 skips layers by chance: at most none
        config.layerdrop = 0.0


def run_step(model: Any, optimizer: Any, setting: StepSetting) -> Step:
    """A step of a model and an optimizer that are ready, among fake tensors."""
    base = model.get_base_model()
    batch, missing = batch_of(base, setting)
    log = _log(model, optimizer, batch, setting)
    parameters = trainable_parameters(model)
    with log:
        out, loss, replaced = _forward(model, batch, setting)
        forward_flops = log.flops
        log.relabel_living(ACTIVATIONS)
        lost = log.moment
        loss.backward()
        back = log.moment
        log.relabel([p.grad for p in parameters if p.grad is not None], GRADIENTS)
        if setting.optimizer not in WITHOUT_FAKES:
            optimizer.step()
        del out, loss
        optimizer.zero_grad(set_to_none=True)
    inexact = (*missing, *replaced, *([RECURRENT] if _is_recurrent(base) else []))
    phases = tuple(log.peaks([lost, (lost + back) // 2, back]))
    return Step(phases, forward_flops, log.flops, setting.checkpointing, inexact=inexact)


def _is_recurrent(base: Any) -> bool:
    """Whether a layer is of a file of transformers that defines a scan over the tokens."""
    files = {type(module).__module__ for module in base.modules()}
    names = {name for file in files for name in vars(sys.modules[file])}
    return any(scan in name for name in names for scan in SCANS)


def run_evaluation(model: Any, optimizer: Any, setting: StepSetting) -> int:
    """Bytes at the fullest moment of an evaluation's batch, between two steps.

    As transformers' Trainer does it: without gradients, the whole output held, its loss taken as in
    training.
    """
    model.eval()
    batch, _ = batch_of(model.get_base_model(), setting.evaluation())
    log = _log(model, optimizer, batch, setting)
    with log, torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=setting.autocast):
        if setting.loss_chunk:
            chunked(model, batch, setting.loss_chunk)
        else:
            out = model(**batch)
            del out
    return sum(log.peak().values())


def _log(model: Any, optimizer: Any, batch: dict[str, Tensor], setting: StepSetting) -> StorageLog:
    """A log that holds what stays: weights, adapter, the optimizer's state, and the batch."""
    log = StorageLog(_logits_or_temporary(model.get_base_model().config, setting), setting.on_cpu)
    log.hold(weight_tensors(model), WEIGHTS)
    log.hold(trainable_parameters(model), ADAPTER)
    if setting.optimizer not in PAGED:
        log.hold(state_tensors(optimizer), OPTIMIZER)
    log.hold(batch.values(), ACTIVATIONS)
    return log


def _forward(
    model: Any, batch: dict[str, Tensor], setting: StepSetting
) -> tuple[Any, Tensor, tuple[Inexact, ...]]:
    with torch.autocast("cpu", torch.bfloat16, enabled=setting.autocast):
        out, loss, replaced = forward(model, batch, setting)
    return (out if setting.keep_logits else None), loss, replaced


def _logits_or_temporary(config: Any, setting: StepSetting) -> Callable[[Tensor], str]:
    """A tensor over all tokens and the whole vocabulary is one of the logits' copies."""
    vocabulary = getattr(config.get_text_config(), "vocab_size", None)
    tokens = setting.loss_chunk or setting.batch_size * (setting.seq_length - 1)

    def kind(tensor: Tensor) -> str:
        if vocabulary and tensor.numel() >= max(tokens, 1) * vocabulary:
            return LOGITS if tensor.shape[-1] == vocabulary else TEMPORARY
        return TEMPORARY

    return kind


def static_bytes(held: dict[str, int]) -> int:
    """Of a peak what stays from step to step: weights, adapter, optimizer state."""
    return sum(held.get(kind, 0) for kind in (WEIGHTS, ADAPTER, OPTIMIZER))
