"""What a checkpointed step saves and costs: bytes at the peak, FLOPs, gradients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from torch import Tensor

from lora_course.chapters.ch08_checkpointing.chain import WEIGHTS, beyond_weights, take_gradients
from lora_course.memory import StepSetting, estimate, lora_config
from lora_course.memory.trace.peak import StorageLog
from lora_course.models.architectures import model_shape

WIDTH, VOCABULARY, DEPTH = 128, 256, 12
TOKENS = (2, 128)  # sequences × length


@dataclass(frozen=True)
class Step:
    """What a forward and a backward pass took.

    `held`: bytes at the peak beyond the weights. `forward`, `flops`: multiplications and additions
    of the forward pass, and of both. `gradients`: in the order of the model's parameters.
    """

    held: int
    forward: int
    flops: int
    loss: Tensor
    gradients: list[Tensor | None]


def language_model(adapter: LoraConfig | None = None, layers: int = DEPTH) -> Any:
    """A small Llama of random weights, the same each time; with that adapter, if any, by PEFT."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        intermediate_size=3 * WIDTH,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=4,
        tie_word_embeddings=True,
        use_cache=False,
    )
    torch.manual_seed(0)
    model = LlamaForCausalLM(config)
    return get_peft_model(model, adapter) if adapter else model


def some_tokens(seed: int = 0) -> Tensor:
    """A batch of random tokens, sequences × length."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(VOCABULARY, TOKENS, generator=generator)


def step(model: Any, tokens: Tensor, seed: int = 0) -> Step:
    """A forward and a backward pass, seen by the course's tracer; dropout draws from `seed`."""
    model.train()
    model.zero_grad(set_to_none=True)
    torch.manual_seed(seed)
    log = StorageLog()
    log.hold(model.parameters(), WEIGHTS)
    with log:
        loss = model(input_ids=tokens, labels=tokens).loss
        forward = log.flops
        loss.backward()
    return Step(beyond_weights(log), forward, log.flops, loss.detach(), take_gradients(model))


@dataclass(frozen=True)
class Cost:
    """A checkpointed step beside a plain one.

    `saved`: how many times fewer bytes. `flops`: how many times as many. `unequal`: how many of
    loss and gradients are not equal to the last bit.
    """

    saved: float
    flops: float
    unequal: int


def cost(steps: Mapping[tuple[str, bool], Step], name: str) -> Cost:
    """What checkpointing (True) costs beside a plain step (False), for what is called `name`."""
    plain, again = steps[name, False], steps[name, True]
    return Cost(plain.held / again.held, again.flops / plain.flops, differing(plain, again))


def seeds(adapter: LoraConfig, tokens: Tensor, **options: Any) -> list[Step]:
    """A step of a model of 3 layers for each of three seeds; checkpointed if there are options."""
    model = language_model(adapter, layers=3)
    if options:
        model.activation_checkpointing_enable(activation_checkpointing_kwargs=options)
    return [step(model, tokens, seed) for seed in range(3)]


def differing(one: Step, other: Step) -> int:
    """How many of two steps' losses and gradients are not equal to the last bit."""
    pairs = zip([one.loss, *one.gradients], [other.loss, *other.gradients], strict=True)
    return sum(not (a is not None and b is not None and torch.equal(a, b)) for a, b in pairs)


def unequal(plain: Iterable[Step], others: Iterable[Step]) -> int:
    """`differing` of all pairs of steps together."""
    return sum(map(differing, plain, others))


def off(plain: Iterable[Step], others: Iterable[Step]) -> float:
    """How far a step's gradients are off, ‖difference‖ / ‖plain‖: of all pairs the least."""
    return min(map(_off, plain, others))


def _off(plain: Step, other: Step) -> float:
    mine, theirs = (
        torch.cat([gradient.flatten() for gradient in step.gradients if gradient is not None])
        for step in (plain, other)
    )
    return ((theirs - mine).norm() / mine.norm()).item()


@dataclass(frozen=True)
class Large:
    """A traced step of a large model with checkpointing, as a share of that without.

    `inside`: what a layer keeps, in boundaries.
    """

    inside: float
    peak: float
    flops: float


def llama_8b(rank: int, length: int) -> Large:
    """A step of Llama-3.1-8B in bf16, one text of `length` tokens, all linear layers adapted."""
    name = "Llama-3.1-8B"
    off, on = (
        estimate(name, lora_config(rank), StepSetting(seq_length=length, checkpointing=wanted))
        for wanted in (False, True)
    )
    shape = model_shape(name)
    boundary = 2 * length * shape.hidden  # bf16
    inside = off.held["activations"] / shape.layers / boundary
    return Large(inside, on.peak / off.peak, on.step.flops / off.step.flops)
