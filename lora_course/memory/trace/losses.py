"""The loss of a step: the model's own, one taken in chunks of tokens, or a stand-in."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from lora_course.memory.inexact import Inexact, stand_in
from lora_course.memory.setting import StepSetting


def forward(
    model: Any, batch: dict[str, Tensor], setting: StepSetting
) -> tuple[Any, Tensor, tuple[Inexact, ...]]:
    """The output of `model`, wrapped by PEFT, the loss of a batch, and what is not exact in it."""
    if setting.loss_chunk:
        return (*chunked(model, batch, setting.loss_chunk), ())
    out = model(**batch)
    loss = getattr(out, "loss", None)
    if loss is not None:
        return out, loss, ()
    return out, _first(out).mean(), (stand_in(type(model.get_base_model()).__name__),)


def _first(out: Any) -> Tensor:
    """The first tensor of an output: scores, or the last hidden states."""
    values = out.values() if hasattr(out, "values") else out
    return next(value for value in values if isinstance(value, Tensor) and value.requires_grad)


def takes_chunks(base: Any) -> bool:
    """Whether a model has a body and an output head, so that its loss can be taken in chunks."""
    return base.base_model is not base and base.get_output_embeddings() is not None


def require_chunks(base: Any) -> None:
    """ValueError for a model whose loss cannot."""
    if not takes_chunks(base):
        raise ValueError(
            f"loss_chunk: {type(base).__name__} is no decoder with an output head, whose loss could"
            " be taken in chunks; leave it at 0"
        )


def chunked(model: Any, batch: dict[str, Tensor], tokens: int) -> tuple[None, Tensor]:
    """A language model's loss with the scores of `tokens` tokens at a time.

    Each chunk's scores are made again in the backward pass, as trainers with chunked losses do, so
    that those of one chunk alone are held.
    """
    base = model.get_base_model()
    head, body = base.get_output_embeddings(), base.base_model
    given = {name: value for name, value in batch.items() if name != "labels"}
    hidden = body(**given)[0][:, :-1].reshape(-1, head.in_features)
    labels = batch["labels"][:, 1:].reshape(-1)
    total = hidden.new_zeros((), dtype=torch.float32)
    for states, wanted in zip(hidden.split(tokens), labels.split(tokens), strict=True):
        total = total + checkpoint(_summed, head, states, wanted, use_reentrant=False)
    return None, total / labels.numel()


def _summed(head: Any, states: Tensor, labels: Tensor) -> Tensor:
    """The cross-entropy of a chunk, in fp32, summed over its tokens."""
    return functional.cross_entropy(head(states).float(), labels, reduction="sum")
