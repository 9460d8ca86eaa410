"""What people reported in public of memory and counts, beside what is estimated for the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from lora_course.memory.adapter import lora_config
from lora_course.memory.estimates import count_parameters, estimate
from lora_course.memory.like import LIKE
from lora_course.memory.setting import StepSetting
from lora_course.memory.trace.step import ACTIVATIONS

GB, MIB = 1e9, 2**20
ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj"]
ROBERTA_LARGE = {
    "model_type": "roberta",
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
    "vocab_size": 50_265,
    "max_position_embeddings": 514,
    "type_vocab_size": 1,
}
RESNET_50 = {"model_type": "resnet", "architectures": ["ResNetForImageClassification"]}


@dataclass(frozen=True)
class Report:
    """`seen` and `ours` in the same unit, none for numbers of parameters and bytes; `cause`: what
    explains the difference, or what the figures show."""

    source: str
    url: str
    what: str
    seen: float
    ours: Callable[[], float]
    unit: str
    cause: str


def _peak(model: Any, lora: Any, like: str = "", **setting: Any) -> float:
    """In GB."""
    found = LIKE[like].setting if like else {}
    return estimate(model, lora, StepSetting(**(found | setting))).peak / GB


def _trainable(model: Any, lora: Any) -> int:
    return count_parameters(model, lora).trainable


def _github(repository: str, number: int) -> tuple[str, str]:
    """What a report is called, and its address."""
    name = repository.rpartition("/")[2]
    return f"{name} {number}", f"https://github.com/{repository}/issues/{number}"


def _of_memory() -> Iterator[Report]:
    yield Report(
        *_github("huggingface/peft", 675),
        "RoBERTa-large, rank 8 on query and value, classes, 64×96 tokens",
        12.0,
        lambda: _peak(
            ROBERTA_LARGE,
            lora_config(8, "default", task_type="SEQ_CLS"),
            precision="fp32",
            batch_size=64,
            seq_length=96,
            attention="eager",  # in 2023 there was no other
        ),
        "GB",
        "activations are most of it, and LoRA keeps them; nvidia-smi shows the allocator's reserve"
        " too",
    )
    resnet = lora_config(8, ".*convolution", lora_dropout=0.05)
    yield Report(
        *_github("huggingface/peft", 2196),
        "ResNet-50, rank 8 on all convolutions with dropout, 16 images, on a CPU: activations",
        2618.32,
        lambda: (
            estimate(
                RESNET_50, resnet, StepSetting(precision="fp32", batch_size=16, on_cpu=True)
            ).held[ACTIVATIONS]
            / MIB
        ),
        "MiB",
        "lora_dropout: it keeps a copy of each input, and its mask; without it about half",
    )
    fms: dict[str, Any] = {
        "batch_size": 4,
        "seq_length": 4096,
        "checkpointing": True,
        "adapter_precision": "fp16",
    }
    for precision, seen, reserved in (("nf4", 15.86, 19.46), ("fp16", 26.11, 29.03)):
        yield Report(
            *_github("foundation-model-stack/fms-acceleration", 14),
            f"Mistral-7B in {precision}, rank 16 on attention, 4×4,096 tokens, checkpointing",
            seen,
            partial(_peak, "Mistral-7B", lora_config(16, ATTENTION), precision=precision, **fms),
            "GB",
            f"half a gigabyte is there before the step; the allocator had reserved {reserved}",
        )
    for batch, length, seen, cause in (
        (1, 1024, 17.9, "as expected"),
        (1, 2048, 26.1, "unexplained; the unit, GB or GiB, is not told, nor the attention"),
        (2, 2048, 32.0, "it rose from 28.2 within a few steps: rows of other lengths, fragments"),
    ):
        yield Report(
            *_github("hiyouga/LlamaFactory", 7409),
            f"Qwen2-7B, rank 8 on all linear layers, {batch}×{length:,} tokens",
            seen,
            partial(
                _peak,
                "Qwen2.5-7B",  # of the same shape
                lora_config(8),
                like="llama-factory",
                batch_size=batch,
                seq_length=length,
            ),
            "GB",
            cause,
        )
    for attention, precision, seen, cause in (
        ("fused", "bf16", 66.0, "not with fused attention"),
        ("eager", "bf16", 66.0, "likely: the model's own code held all scores of attention"),
        ("eager", "nf4", 72.0, "unexplained: quantising frees 10 GB here, and took 6 more there"),
    ):
        yield Report(
            *_github("hiyouga/LlamaFactory", 4772),
            f"GLM-4-9B in {precision}, rank 8 on all linear, 10,240 tokens, {attention} attention",
            seen,
            partial(
                _peak,
                "GLM-4-9B-0414",
                lora_config(8),
                like="llama-factory",
                batch_size=1,
                seq_length=10_240,
                attention="sdpa" if attention == "fused" else attention,
                precision=precision,
            ),
            "GB",
            cause,
        )
    tiny: dict[str, Any] = {"adapter_precision": "bf16", "batch_size": 8, "seq_length": 512}
    for precision, seen, cause in (
        ("bf16", 10.54, "another code, which keeps more; rows are padded to the longest"),
        ("nf4", 13.32, "their run took more than without quantising: a fault, by our figure"),
    ):
        yield Report(
            *_github("Lightning-AI/litgpt", 1113),
            f"TinyLlama in {precision}, rank 32 on query and value, dropout, 8×512 tokens",
            seen,
            partial(
                _peak,
                "TinyLlama-1.1B",
                lora_config(32, ["q_proj", "v_proj"], lora_dropout=0.05),
                precision=precision,
                **tiny,
            ),
            "GB",
            cause,
        )


def _of_counts() -> Iterator[Report]:
    neox = {"model_type": "gpt_neox", "architectures": ["GPTNeoXForCausalLM"]}
    eight = lora_config(8, ["query_key_value"])
    old_experts = ["q_proj", "k_proj", "v_proj", "o_proj", "gate", "w1", "w2", "w3"]
    gemma = lora_config(16, ["q_proj", "v_proj"], trainable_tokens=[5, 6])
    whole = lora_config(16, ATTENTION, modules_to_save=["embed_tokens", "lm_head"])
    llama = "Llama-3.2-1B"
    for repository, number, what, seen, ours, cause in (
        (
            "huggingface/peft",
            1514,
            "TinyLlama, rank 64 on all linear layers: trainable",
            50_462_720,
            lambda: _trainable("TinyLlama-1.1B", lora_config(64)),
            "exact",
        ),
        (
            "huggingface/peft",
            1020,
            "GPT-NeoX-20B, rank 8: trainable",
            8_650_752,
            lambda: _trainable(neox, eight),
            "exact",
        ),
        (
            "huggingface/peft",
            1020,
            "the same: all parameters, read off a model in 4 bits",
            10_600_000_000,
            lambda: count_parameters(neox, eight).total,
            "two weights of 4 bits lie in a byte, and were counted as one",
        ),
        (
            "unslothai/unsloth",
            2661,
            "Qwen3-1.7B, rank 8 on all linear layers: trainable",
            8_716_288,
            lambda: _trainable("Qwen3-1.7B", lora_config(8)),
            "exact; the model is 1.7, not 7 billion",
        ),
        (
            "huggingface/peft",
            1594,
            "Mixtral-8x7B, rank 16 on attention, router and experts: trainable",
            242_225_152,
            lambda: _trainable("Mixtral-8x7B", lora_config(16, old_experts)),
            "PEFT now adapts gate and up of an expert as one matrix, with twice the rank",
        ),
        (
            "huggingface/peft",
            2898,
            "Gemma-3-270M, rank 16 on query and value, two tokens: trainable",
            737_280,
            lambda: _trainable("Gemma-3-270M", gemma),
            "two rows of 640 more: the tokens",
        ),
        (
            "unslothai/unsloth",
            1093,
            f"{llama}, embeddings and head in the adapter: bytes of its file",
            3_200_000_000,
            lambda: count_parameters(llama, whole).file_bytes,
            "whole matrices are saved: here in bf16, in fp32 twice that",
        ),
    ):
        yield Report(*_github(repository, number), what, seen, ours, "", cause)


def reports() -> list[Report]:
    """All of them."""
    return [*_of_memory(), *_of_counts()]
