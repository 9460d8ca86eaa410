"""Configurations of well-known models, as facts: enough to build each without a download.

Each entry restates the public config.json of the model that it names, as far as it differs from
the defaults of its class; tests compare the number of parameters with the published one.
"""

from __future__ import annotations

from typing import Any

from lora_course.models.architectures import MODELS, Decoder


def decoder_fields(shape: Decoder, model_type: str = "llama", **more: Any) -> dict[str, Any]:
    """A Llama-style decoder's shape as its configuration."""
    return {
        "model_type": model_type,
        "hidden_size": shape.hidden,
        "intermediate_size": shape.intermediate,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head_dim,
        "vocab_size": shape.vocab,
        "tie_word_embeddings": shape.tied,
        **more,
    }


PRESETS: dict[str, dict[str, Any]] = {
    **{
        name: decoder_fields(shape, "mistral" if name.startswith("Mistral") else "llama")
        for name, shape in MODELS.items()
    },
    "Llama-3.1-405B": decoder_fields(Decoder(16_384, 53_248, 126, 128, 8, 128_256)),
    "TinyLlama-1.1B": decoder_fields(Decoder(2048, 5632, 22, 32, 4, 32_000, head_dim=64)),
    "SmolLM2-135M": decoder_fields(Decoder(576, 1536, 30, 9, 3, 49_152, head_dim=64, tied=True)),
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
    "Qwen3-8B": decoder_fields(Decoder(4096, 12_288, 36, 32, 8, 151_936), "qwen3"),
    "Qwen3-30B-A3B": decoder_fields(
        Decoder(2048, 6144, 48, 32, 4, 151_936),
        "qwen3_moe",
        moe_intermediate_size=768,
        num_experts=128,
        num_experts_per_tok=8,
    ),
    "Gemma-2-2B": decoder_fields(
        Decoder(2304, 9216, 26, 8, 4, 256_000, head_dim=256, tied=True), "gemma2"
    ),
    "Gemma-2-9B": decoder_fields(
        Decoder(3584, 14_336, 42, 16, 8, 256_000, head_dim=256, tied=True), "gemma2"
    ),
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
}
"""Name -> the fields of its config.json that a build needs."""
