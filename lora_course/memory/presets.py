"""Configurations of well-known models, as facts: enough to build each without a download.

Each entry restates the public config.json of the model that it names, as far as it differs from
the defaults of its class; tests compare the number of parameters with the published one.
"""

from __future__ import annotations

from typing import Any

from lora_course.memory.fields import decoder_fields
from lora_course.memory.presets_multimodal import MULTIMODAL
from lora_course.models.architectures import MODELS, Decoder


def _gpt_oss(layers: int, experts: int) -> dict[str, Any]:
    """Its experts' weights in 16 bits: the checkpoints have them in 4."""
    shape = Decoder(2880, 2880, layers, 64, 8, 201_088, head_dim=64)
    return decoder_fields(shape, "gpt_oss", num_local_experts=experts, num_experts_per_tok=4)


def _glm_moe(shape: Decoder, expert: int, experts: int, dense: int, **more: Any) -> dict[str, Any]:
    """`dense` first layers have a plain MLP, the others `experts` and a shared one."""
    return decoder_fields(
        shape,
        "glm4_moe",
        attention_bias=True,
        first_k_dense_replace=dense,
        moe_intermediate_size=expert,
        n_routed_experts=experts,
        **more,
    )


GLM_355B = _glm_moe(
    Decoder(5120, 12_288, 92, 96, 8, 151_552), expert=1536, experts=160, dense=3, use_qk_norm=True
)
PRESETS: dict[str, dict[str, Any]] = {
    **{
        name: decoder_fields(shape, "mistral" if name.startswith("Mistral") else "llama")
        for name, shape in MODELS.items()
    },
    "Llama-3.1-405B": decoder_fields(Decoder(16_384, 53_248, 126, 128, 8, 128_256)),
    "Llama-3.3-70B": decoder_fields(MODELS["Llama-3.1-70B"]),  # the same shape
    "TinyLlama-1.1B": decoder_fields(Decoder(2048, 5632, 22, 32, 4, 32_000, head_dim=64)),
    "SmolLM2-135M": decoder_fields(Decoder(576, 1536, 30, 9, 3, 49_152, head_dim=64, tied=True)),
    "SmolLM3-3B": decoder_fields(Decoder(2048, 11_008, 36, 16, 4, 128_256, tied=True), "smollm3"),
    "Mixtral-8x7B": decoder_fields(
        Decoder(4096, 14_336, 32, 32, 8, 32_000),
        "mixtral",
        num_local_experts=8,
        num_experts_per_tok=2,
    ),
    "Qwen2.5-0.5B": decoder_fields(
        Decoder(896, 4864, 24, 14, 2, 151_936, head_dim=64, tied=True), "qwen2"
    ),
    "Qwen2.5-7B": decoder_fields(Decoder(3584, 18_944, 28, 28, 4, 152_064), "qwen2"),
    "Qwen3-0.6B": decoder_fields(Decoder(1024, 3072, 28, 16, 8, 151_936, tied=True), "qwen3"),
    "Qwen3-1.7B": decoder_fields(Decoder(2048, 6144, 28, 16, 8, 151_936, tied=True), "qwen3"),
    "Qwen3-4B": decoder_fields(Decoder(2560, 9728, 36, 32, 8, 151_936, tied=True), "qwen3"),
    "Qwen3-8B": decoder_fields(Decoder(4096, 12_288, 36, 32, 8, 151_936), "qwen3"),
    "Qwen3-14B": decoder_fields(Decoder(5120, 17_408, 40, 40, 8, 151_936), "qwen3"),
    "Qwen3-32B": decoder_fields(Decoder(5120, 25_600, 64, 64, 8, 151_936), "qwen3"),
    "Qwen3-30B-A3B": decoder_fields(
        Decoder(2048, 6144, 48, 32, 4, 151_936),
        "qwen3_moe",
        moe_intermediate_size=768,
        num_experts=128,
        num_experts_per_tok=8,
    ),
    "Qwen3-235B-A22B": decoder_fields(
        Decoder(4096, 12_288, 94, 64, 4, 151_936),
        "qwen3_moe",
        moe_intermediate_size=1536,
        num_experts=128,
        num_experts_per_tok=8,
    ),
    "Gemma-2-2B": decoder_fields(
        Decoder(2304, 9216, 26, 8, 4, 256_000, head_dim=256, tied=True), "gemma2"
    ),
    "Gemma-2-9B": decoder_fields(
        Decoder(3584, 14_336, 42, 16, 8, 256_000, head_dim=256, tied=True), "gemma2"
    ),
    "Gemma-3-270M": decoder_fields(
        Decoder(640, 2048, 18, 4, 1, 262_144, head_dim=256, tied=True),
        "gemma3_text",
        sliding_window=512,
    ),
    "Gemma-3-1B": decoder_fields(
        Decoder(1152, 6912, 26, 4, 1, 262_144, head_dim=256, tied=True),
        "gemma3_text",
        sliding_window=512,
    ),
    "gpt-oss-20b": _gpt_oss(layers=24, experts=32),
    "gpt-oss-120b": _gpt_oss(layers=36, experts=128),
    "DeepSeek-V3": {"model_type": "deepseek_v3"},  # its class's defaults
    "GLM-4-9B-0414": decoder_fields(Decoder(4096, 13_696, 40, 32, 2, 151_552), "glm4"),
    "GLM-4.5-Air": _glm_moe(
        Decoder(4096, 10_944, 46, 96, 8, 151_552), expert=1408, experts=128, dense=1
    ),
    "GLM-4.5": GLM_355B,
    "GLM-4.6": GLM_355B,
    "Phi-3-mini": decoder_fields(Decoder(3072, 8192, 32, 32, 32, 32_064, head_dim=96), "phi3"),
    "GPT-2": {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]},
    "GPT-2-XL": {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "n_embd": 1600,
        "n_head": 25,
        "n_layer": 48,
    },
    "BERT-base": {"model_type": "bert", "architectures": ["BertForMaskedLM"]},
    "T5-small": {
        "model_type": "t5",
        "architectures": ["T5ForConditionalGeneration"],
        "decoder_start_token_id": 0,
    },
    "T5-base": {
        "model_type": "t5",
        "architectures": ["T5ForConditionalGeneration"],
        "decoder_start_token_id": 0,
        "d_model": 768,
        "d_ff": 3072,
        "num_heads": 12,
        "num_layers": 12,
    },
    "ViT-base": {
        "model_type": "vit",
        "architectures": ["ViTForImageClassification"],
        "num_labels": 1000,
    },
    **MULTIMODAL,
}
"""Name -> the fields of its config.json that a build needs."""
