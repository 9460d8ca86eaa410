"""What a forward pass keeps for the backward pass, and what whole steps hold at their peaks."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from lora_course.chapters.ch07_activation_memory.comparison import FULL
from lora_course.memory import StepSetting, estimate, full_tuning, lora_config
from lora_course.memory.full import trains_whole
from lora_course.memory.trace.fused import as_on_a_gpu
from lora_course.memory.trace.step import ACTIVATIONS, LOGITS
from lora_course.memory.validation import real
from lora_course.models import BASE_MODEL
from lora_course.silence import silence_libraries

SHIPPED = str(BASE_MODEL)
"""Where the shipped model lies: 4 blocks of width 128, a vocabulary of 1,024."""

LENGTH = 128  # tokens in a sequence
SAMPLE = StepSetting(batch_size=2, seq_length=LENGTH, on_cpu=True)


@silence_libraries()
def shipped() -> Any:
    """The shipped model in bf16, ready to train."""
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(SHIPPED, dtype=torch.bfloat16).train()


def batch(sequences: int) -> dict[str, Tensor]:
    """Sequences of 128 tokens to read and to predict; which ones does not matter here."""
    ids = torch.arange(sequences * LENGTH).remainder(1000).view(sequences, LENGTH)
    return {"input_ids": ids, "labels": ids}


def kept(model: nn.Module, batch: dict[str, Tensor]) -> int:
    """Bytes that a forward pass of `batch` keeps: each storage once, without the parameters.

    As a GPU does it: dropout keeps a mask of a byte a number. (A CPU's has the input's type.)
    """
    own = {parameter.untyped_storage()._cdata for parameter in model.parameters()}
    sizes: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            sizes[storage._cdata] = storage.nbytes()
        return tensor.detach()

    with saved_tensors_hooks(pack, lambda tensor: tensor), as_on_a_gpu():
        out = model(**batch)
    del out  # until now it holds all that is kept, so that no address came twice
    return sum(sizes.values())


def peaks(batches: Sequence[int] = (1, 2, 4, 8)) -> dict[str, dict[int, int]]:
    """Way of training -> tokens in a step -> its traced peak, for the shipped model in bf16."""
    found: dict[str, dict[int, int]] = {FULL: {}, "fp32 adapters": {}, "bf16 adapters": {}}
    for sequences in batches:
        step = StepSetting(batch_size=sequences, seq_length=LENGTH, on_cpu=True)
        same, tokens = replace(step, adapter_precision="bf16"), sequences * LENGTH
        found[FULL][tokens] = full_tuning(SHIPPED, step).peak
        found["fp32 adapters"][tokens] = estimate(SHIPPED, lora_config(8), step).peak
        found["bf16 adapters"][tokens] = estimate(SHIPPED, lora_config(8), same).peak
    return found


def by_hand(tokens: int, rank: int) -> int:
    """Bytes that fp32 adapters keep in the shipped model, all linear layers, over bf16 ones.

    fp32: 4 bytes for a copy of its own input and for Ax, at each of the 7 layers of a block. bf16:
    2 for Ax, and for an input once, however many layers read it; that of o_proj attention keeps
    anyway.
    """
    config = shipped().config
    width, inner, blocks = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    copies = 4 * (6 * width + inner + 7 * rank)
    shared = 2 * (2 * width + inner + 7 * rank)  # q k v, gate up, down
    return tokens * blocks * (copies - shared)


def largest_error() -> float:
    """How far traced peaks are from the CPU allocator's, as a share: LoRA's and full tuning's."""
    lora = lora_config(8)
    pairs = [
        (estimate(SHIPPED, lora, SAMPLE).peak, _allocated(real.build(SHIPPED, lora, SAMPLE))),
        (
            full_tuning(SHIPPED, SAMPLE).peak,
            _allocated(trains_whole(real.base(SHIPPED, SAMPLE))),
        ),
    ]
    return max(abs(traced / true - 1) for traced, true in pairs)


def _allocated(model: Any) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of TF32, on a machine that has none
        return real.peak_bytes(model, SAMPLE)


@dataclass(frozen=True)
class Parts:
    """Of a step's peak the activations and the logits, in bytes."""

    kept: int
    logits: int


def llama(rank: int) -> Parts:
    """Llama-3.2-1B in bf16, one sequence of 2,048 tokens, fp32 adapters on all linear layers."""
    held = estimate("Llama-3.2-1B", lora_config(rank), StepSetting()).held
    return Parts(held[ACTIVATIONS], held[LOGITS])
