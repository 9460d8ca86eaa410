"""A decoder's shape as the fields of a config.json."""

from __future__ import annotations

from typing import Any

from lora_course.models.architectures import Decoder


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
