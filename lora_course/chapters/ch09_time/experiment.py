"""The small models of this chapter, and what is counted of them: FLOPs, and calls of operations."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from lora_course.chapters.ch09_time.clock import forward_pass, stepper
from lora_course.chapters.ch09_time.flops import by_hand
from lora_course.models.architectures import TARGETS, Decoder, model_shape
from lora_course.silence import silence_libraries

FULL, CHECKPOINTING = "full tuning", "checkpointing"
LAYERS, HEADS, VOCABULARY = 2, 4, 1024
LINEAR = list(TARGETS["all linear"])
"""The names of all linear layers: PEFT takes `layers_to_transform` with names alone."""

Wrap = Callable[..., nn.Module]
"""Model and fields of a LoraConfig -> the model with adapters."""


def shape(width: int) -> Decoder:
    """A small Llama of this width: two layers, an MLP three times as wide."""
    return Decoder(
        hidden=width,
        intermediate=3 * width,
        layers=LAYERS,
        heads=HEADS,
        kv_heads=HEADS,
        vocab=VOCABULARY,
        head_dim=width // HEADS,
        tied=True,
    )


def base(width: int) -> nn.Module:
    """A model of that shape with random weights: for the time of a step they need not be good.

    Attention is `eager`, written out: PyTorch's counter sees no fused one on a CPU.
    """
    from transformers import AutoModelForCausalLM, LlamaConfig

    of = shape(width)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=of.vocab,
        hidden_size=of.hidden,
        intermediate_size=of.intermediate,
        num_hidden_layers=of.layers,
        num_attention_heads=of.heads,
        num_key_value_heads=of.kv_heads,
        tie_word_embeddings=of.tied,
        use_cache=False,
    )
    model: nn.Module = AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    return model


def models(lora: Wrap, kinds: Mapping[str, Mapping[str, Any]], width: int) -> dict[str, nn.Module]:
    """Full tuning, LoRA with each of `kinds`' settings, and LoRA at its defaults, checkpointed.

    Full tuning has weights of its own. The others freeze theirs, so that they can share them: for
    all together these lie in memory once.
    """
    shared = base(width)
    weights = {id(parameter): parameter for parameter in shared.parameters()}

    def fresh() -> nn.Module:
        return copy.deepcopy(shared, dict(weights))

    made = {FULL: base(width)}
    made |= {kind: lora(fresh(), **settings) for kind, settings in kinds.items()}
    return made | {CHECKPOINTING: with_checkpointing(lora(fresh()))}


def with_checkpointing(model: nn.Module) -> nn.Module:
    """The model with each layer computed again in the backward pass."""
    enable: Any = model.gradient_checkpointing_enable
    with silence_libraries():
        enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    return model


def used(lora: Wrap, width: int) -> dict[str, nn.Module]:
    """The base; with LoRA, as it is and merged; with DoRA, as it is and with its norms kept."""
    return {
        "base": base(width),
        "LoRA": lora(base(width)),
        "LoRA, merged": _merged(lora(base(width))),
        "DoRA": lora(base(width), use_dora=True),
        "DoRA, norms kept": keeping_norms(lora(base(width), use_dora=True)),
    }


def _merged(model: Any) -> nn.Module:
    merged: nn.Module = model.merge_and_unload()
    return merged


def keeping_norms(model: nn.Module) -> nn.Module:
    """A DoRA model whose forward passes keep the norms of its rows, by PEFT's `DoraCaching`."""
    from peft.helpers import DoraCaching

    forward = model.forward

    def cached(**inputs: Any) -> Any:
        with DoraCaching():
            return forward(**inputs)

    model.forward = cached
    return model


def random_tokens(sequences: int, length: int) -> Tensor:
    """Tokens of no meaning, (sequences, length), the same each time."""
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, VOCABULARY, (sequences, length), generator=generator)


def hand(width: int, tokens: Tensor, rank: int | None = None) -> int:
    """A step's FLOPs by hand for `base(width)`; `rank` None is full tuning."""
    sequences, length = tokens.shape
    return by_hand(shape(width), sequences, length, rank).total


def count(model: nn.Module, tokens: Tensor) -> int:
    """FLOPs of a forward and a backward pass, by PyTorch's counter: of matrix products alone."""
    with FlopCounterMode(display=False) as counter:
        model(input_ids=tokens, labels=tokens).loss.backward()
    model.zero_grad()
    return int(counter.get_total_flops())


def forward_flops(models: Mapping[str, nn.Module], tokens: Tensor) -> list[int]:
    """FLOPs of each model's second forward pass: the first fills what is kept from then on."""
    flops = []
    for model in models.values():
        forward_pass(model, tokens)
        with FlopCounterMode(display=False) as counter:
            forward_pass(model, tokens)
        flops.append(int(counter.get_total_flops()))
    return flops


def share_1b(length: int) -> float:
    """FLOPs of a step ÷ full tuning's, by hand: Llama-3.2-1B, r = 8, one text of `length`."""
    of = model_shape("Llama-3.2-1B")
    return by_hand(of, 1, length, rank=8).total / by_hand(of, 1, length).total


def calls(model: nn.Module, tokens: Tensor) -> int:
    """How often a training step calls one of PyTorch's operations, by its profiler."""
    # Else the profiler writes two lines about itself under the cell, each time.
    os.environ.setdefault("KINETO_LOG_LEVEL", "6")
    from torch.profiler import ProfilerActivity, profile

    step = stepper(model)
    step(tokens)  # the optimizer's state is made in the first one
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        step(tokens)
    return sum(event.count for event in seen.key_averages() if event.key.startswith("aten::"))
