"""The same adapters as this course's layers and as PEFT's, to see that the two train alike."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lora_course.core.layers import adapt, adapter_state, count_trainable, lora_layers
from lora_course.core.training import fit_text
from lora_course.silence import silence_libraries
from lora_course.tasks.style import LINEAR, StyleShift


def peft_twin(adapted: nn.Module, fresh: nn.Module) -> nn.Module:
    """Wrap `fresh`, the model that `adapted` was before `adapt`, by PEFT, in place.

    It gets the same rank and alpha in the same layers, and the same adapter weights.
    """
    from peft import LoraConfig, get_peft_model

    layers = lora_layers(adapted)
    first = next(iter(layers.values()))
    config = LoraConfig(
        r=first.rank,
        lora_alpha=first.alpha,  # type: ignore[arg-type]  # PEFT says int, and divides it by r
        lora_dropout=0.0,
        bias="none",
        use_rslora=first.rslora,
        target_modules=list(layers),
    )
    wrapped: nn.Module = get_peft_model(fresh, config)
    copy_adapters(adapted, wrapped)
    return wrapped


def copy_adapters(adapted: nn.Module, wrapped: nn.Module) -> None:
    """Give every layer of PEFT's `wrapped` the A and B that it has in the course's `adapted`."""
    with torch.no_grad():
        for name, weight in adapter_state(adapted).items():
            path = f"base_model.model.{name}.default.weight"
            wrapped.get_parameter(path).copy_(weight)


@dataclass(frozen=True)
class Trace:
    """How many numbers a model trains, and its loss (nats a token) at each step."""

    trainable_params: int
    losses: Tensor


def train_with_both(
    rank: int, *, steps: int = 5, batch: int = 4, length: int = 32
) -> dict[str, Trace]:
    """Adapt the shipped base model with this course's layer and with PEFT; train both in fp64.

    Same start, same `steps` batches of Python code, so that only the layers differ.
    Keys: "course" and "peft".
    """
    task = StyleShift(length=length, batch_size=batch, dtype=torch.float64)
    with silence_libraries():
        course = adapt(task.model(), rank, targets=LINEAR)
        peft = peft_twin(course, task.model())
    traces = {}
    for name, model in (("course", course), ("peft", peft)):
        history = fit_text(model, task, seed=0, steps=steps, learning_rate=3e-3, progress=False)
        traces[name] = Trace(count_trainable(model), history.losses)
    return traces
