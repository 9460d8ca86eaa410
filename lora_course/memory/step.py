"""One training step on fake tensors: its peak and what it is made of, without allocating it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from lora_course.core.layers import trainable_parameters
from lora_course.memory.fakes import fakes, to_fake
from lora_course.memory.internals import InternalsMovedError
from lora_course.memory.meta import DTYPES
from lora_course.memory.optimizers import WITHOUT_FAKES, primed, state_tensors
from lora_course.memory.peak import TEMPORARY, StorageLog
from lora_course.memory.quantised import weight_tensors
from lora_course.memory.setting import StepSetting
from lora_course.silence import silence_libraries

WEIGHTS, ADAPTER, GRADIENTS, OPTIMIZER = "weights", "adapter", "gradients", "optimizer"
ACTIVATIONS, LOGITS = "activations", "logits"
KINDS = (WEIGHTS, ADAPTER, GRADIENTS, OPTIMIZER, ACTIVATIONS, LOGITS, TEMPORARY)


class TraceError(ValueError):
    """A training step that does not run on fake tensors."""


def prepare(model: Any, setting: StepSetting) -> None:
    """Put `model`, wrapped by PEFT, in training, with checkpointing if wanted."""
    if setting.checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        model.enable_input_require_grads()
    model.train()


def inputs(config: Any, kind: str, setting: StepSetting) -> dict[str, Tensor]:
    """A batch, of zeros, that a model of the class named `kind` takes, labels included."""
    batch = setting.batch_size
    if "ImageClassification" in kind:
        side = getattr(config, "image_size", 224)  # convolutional networks take any
        size = (batch, config.num_channels, side, side)
        pixels = torch.zeros(size, dtype=DTYPES[setting.dtype])
        return {"pixel_values": pixels, "labels": torch.zeros(batch, dtype=torch.long)}
    ids = torch.zeros(batch, setting.seq_length, dtype=torch.long)
    labels = torch.zeros(batch, dtype=torch.long) if "SequenceClassification" in kind else ids
    given = {"input_ids": ids, "labels": labels}
    return given | {"attention_mask": torch.ones_like(ids)} if setting.padded else given


@silence_libraries()
def traced_peak(model: Any, setting: StepSetting) -> dict[str, int]:
    """Bytes by kind (see KINDS) at the fullest moment of one step of `model`, on meta so far.

    `model` becomes one of fake tensors on the CPU. The optimizer has its state already, and
    gradients are set to None after each step.
    """
    base = model.get_base_model()
    config, kind = base.config, type(base).__name__
    prepare(model, setting)
    on_meta = primed(setting.optimizer, model) if setting.optimizer in WITHOUT_FAKES else None
    with fakes():
        to_fake(model)
        optimizer = on_meta or primed(setting.optimizer, model)
        try:
            batch = inputs(config, kind, setting)
            return run_step(model, optimizer, batch, setting, config)
        except InternalsMovedError:
            raise
        except Exception as error:  # whatever a model's code does that fake tensors cannot
            raise TraceError(
                f"a step of {kind} cannot be traced: {type(error).__name__}:"
                f" {str(error).strip().splitlines()[0][:200] if str(error).strip() else ''} A real"
                " one may fail as well. Counts do not need it: --counts, or count_parameters()"
            ) from error


def run_step(
    model: nn.Module, optimizer: Any, batch: dict[str, Tensor], setting: StepSetting, config: Any
) -> dict[str, int]:
    """The same for a model and an optimizer that are ready, real ones as well as fake."""
    log = StorageLog(_logits_or_temporary(config, setting), setting.on_cpu)
    parameters = trainable_parameters(model)
    log.hold(weight_tensors(model), WEIGHTS)
    log.hold(parameters, ADAPTER)
    log.hold(state_tensors(optimizer), OPTIMIZER)
    gc.collect()
    with log:
        out, loss = _forward(model, batch, setting)
        log.relabel_living(ACTIVATIONS)
        loss.backward()
        log.relabel([p.grad for p in parameters if p.grad is not None], GRADIENTS)
        if setting.optimizer not in WITHOUT_FAKES:
            optimizer.step()
        del out, loss
        optimizer.zero_grad(set_to_none=True)
    return log.peak()


def _forward(
    model: nn.Module, batch: dict[str, Tensor], setting: StepSetting
) -> tuple[Any, Tensor]:
    with torch.autocast("cpu", torch.bfloat16, enabled=setting.autocast):
        out = model(**batch)
    return (out if setting.keep_logits else None), out.loss


def _logits_or_temporary(config: Any, setting: StepSetting) -> Callable[[Tensor], str]:
    """A tensor over all tokens and the whole vocabulary is one of the logits' copies."""
    vocabulary = getattr(config.get_text_config(), "vocab_size", None)
    tokens = setting.batch_size * (setting.seq_length - 1)

    def kind(tensor: Tensor) -> str:
        if vocabulary and tensor.numel() >= max(tokens, 1) * vocabulary:
            return LOGITS if tensor.shape[-1] == vocabulary else TEMPORARY
        return TEMPORARY

    return kind


def static_bytes(held: dict[str, int]) -> int:
    """Of a peak what stays from step to step: weights, adapter, optimizer state."""
    return sum(held.get(kind, 0) for kind in (WEIGHTS, ADAPTER, OPTIMIZER))
