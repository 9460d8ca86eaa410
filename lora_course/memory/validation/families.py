"""Small models of many architectures, and adapters of many kinds for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lora_course.memory.fields import decoder_fields
from lora_course.models.architectures import Decoder


def _decoder(model_type: str, tied: bool = False, **more: Any) -> dict[str, Any]:
    shape = Decoder(128, 344, 3, 4, 2, 1000, head_dim=32, tied=tied)
    special = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    return decoder_fields(shape, model_type, **special, **more)


@dataclass(frozen=True)
class Family:
    """A small configuration, two modules of its attention, its head, and whether it reads text."""

    config: dict[str, Any]
    attention: tuple[str, str] = ("q_proj", "v_proj")
    head: str = "lm_head"
    text: bool = True


FAMILIES: dict[str, Family] = {
    "Llama": Family(_decoder("llama")),
    "Llama, tied": Family(_decoder("llama", tied=True)),
    "Mistral": Family(_decoder("mistral")),
    "Qwen2": Family(_decoder("qwen2")),
    "Qwen3": Family(_decoder("qwen3")),
    "Gemma 2": Family(_decoder("gemma2", tied=True)),
    "Phi-3": Family(_decoder("phi3"), attention=("qkv_proj", "o_proj")),
    "Mixtral": Family(_decoder("mixtral", num_local_experts=4)),
    "Qwen3-MoE": Family(
        _decoder("qwen3_moe", num_experts=4, num_experts_per_tok=2, moe_intermediate_size=96)
    ),
    "GPT-2": Family(
        {
            "model_type": "gpt2",
            "n_embd": 128,
            "n_layer": 3,
            "n_head": 4,
            "vocab_size": 1000,
            "bos_token_id": 1,
            "eos_token_id": 2,
            "architectures": ["GPT2LMHeadModel"],
        },
        attention=("c_attn", "c_proj"),
    ),
    "BERT": Family(
        {
            "model_type": "bert",
            "hidden_size": 128,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "intermediate_size": 512,
            "vocab_size": 1000,
            "architectures": ["BertForSequenceClassification"],
        },
        attention=("query", "value"),
        head="classifier",
    ),
    "T5": Family(
        {
            "model_type": "t5",
            "d_model": 128,
            "d_ff": 256,
            "d_kv": 32,
            "num_layers": 2,
            "num_heads": 4,
            "vocab_size": 1000,
            "decoder_start_token_id": 0,
            "architectures": ["T5ForConditionalGeneration"],
        },
        attention=("q", "v"),
    ),
    "ViT": Family(
        {
            "model_type": "vit",
            "hidden_size": 192,
            "num_hidden_layers": 3,
            "num_attention_heads": 3,
            "intermediate_size": 768,
            "num_labels": 10,
            "architectures": ["ViTForImageClassification"],
        },
        head="classifier",
        text=False,
    ),
}


def adapters(family: Family) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and `peft.LoraConfig` arguments of the adapters to try on a family."""
    first, second = family.attention
    yield "all-linear", {"r": 4, "target_modules": "all-linear"}
    yield "all-linear, rank 1", {"r": 1, "target_modules": "all-linear"}
    yield "two modules", {"r": 8, "target_modules": [first, second]}
    yield "one module, rank 32", {"r": 32, "target_modules": [second]}
    yield "PEFT's own targets", {"r": 4}
    yield (
        "rank pattern",
        {
            "r": 4,
            "target_modules": [first, second],
            "rank_pattern": {first: 2, rf".*1.*\.{second}": 16},
        },
    )
    yield "DoRA", {"r": 4, "target_modules": [first, second], "use_dora": True}
    yield "head saved", {"r": 4, "target_modules": [first], "modules_to_save": [family.head]}
    yield "regular expression", {"r": 4, "target_modules": rf".*\.(0|1)\..*{first}"}
    yield "PiSSA", {"r": 4, "target_modules": [first], "init_lora_weights": "pissa"}
    yield "biases", {"r": 4, "target_modules": [first], "bias": "all"}
    if family.text:
        yield "tokens", {"r": 4, "target_modules": [first], "trainable_token_indices": [3, 5, 7]}
