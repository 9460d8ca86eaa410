"""Models that see or hear as well, as their checkpoints have them: a decoder beside its encoders.

Facts as in presets: what each config.json says, as far as a build and a step on text need it.
"""

from __future__ import annotations

from typing import Any

from lora_course.memory.fields import decoder_fields
from lora_course.models.architectures import Decoder

Fields = dict[str, Any]

SIGLIP: Fields = {
    "model_type": "siglip_vision_model",
    "hidden_size": 1152,
    "image_size": 896,
    "intermediate_size": 4304,
    "num_attention_heads": 16,
    "num_hidden_layers": 27,
    "patch_size": 14,
    "vision_use_head": False,
}
PIXTRAL: Fields = {
    "model_type": "pixtral",
    "head_dim": 64,
    "hidden_size": 1024,
    "image_size": 1540,
    "intermediate_size": 4096,
    "num_attention_heads": 16,
    "num_hidden_layers": 24,
    "patch_size": 14,
}
QWEN_EYES = {"depth": 24, "hidden_size": 1024, "intermediate_size": 4096}  # of 2B and 4B
# Gemma 4's encoders: the small one is its class's default.
SMALL_EYES: Fields = {"use_clipped_linears": True}
LARGE_EYES: Fields = {
    "head_dim": 72,
    "hidden_size": 1152,
    "intermediate_size": 4304,
    "num_attention_heads": 16,
    "num_hidden_layers": 27,
    "num_key_value_heads": 16,
    "standardize": True,
}


def _gemma3(shape: Decoder) -> Fields:
    text = decoder_fields(shape, "gemma3_text", sliding_window=1024)
    return {"model_type": "gemma3", "text_config": text, "vision_config": SIGLIP}


def _gemma4(shape: Decoder, vision: Fields, audio: Fields | None = None, **text: Any) -> Fields:
    return {
        "model_type": "gemma4",
        "text_config": decoder_fields(shape, "gemma4_text", final_logit_softcapping=30.0, **text),
        "vision_config": vision,
        "audio_config": audio,
    }


def _large_gemma4(shape: Decoder, global_kv_heads: int, **text: Any) -> Fields:
    """Without per-layer embeddings; global layers use their keys as values."""
    return _gemma4(
        shape,
        LARGE_EYES,
        attention_k_eq_v=True,
        hidden_size_per_layer_input=0,
        num_global_key_value_heads=global_kv_heads,
        sliding_window=1024,
        use_bidirectional_attention="vision",
        **text,
    )


def _ministral3(shape: Decoder) -> Fields:
    return {
        "model_type": "mistral3",
        "architectures": ["Mistral3ForConditionalGeneration"],
        "text_config": decoder_fields(shape, "ministral3"),
        "tie_word_embeddings": shape.tied,
        "vision_config": PIXTRAL,
    }


def _qwen35(kind: str, text: Fields, **vision: int) -> Fields:
    """Three layers of linear attention for each of full; `vision` differs for the smaller ones."""
    return {
        "model_type": f"qwen3_5{kind.lower()}",
        "architectures": [f"Qwen3_5{kind.strip('_')}ForConditionalGeneration"],
        "text_config": {"max_position_embeddings": 262_144, **text},
        "tie_word_embeddings": text["tie_word_embeddings"],
        "vision_config": {"out_hidden_size": text["hidden_size"], **vision},
    }


def _dense_qwen35(shape: Decoder, value_heads: int, **vision: int) -> Fields:
    text = decoder_fields(shape, "qwen3_5_text", linear_num_value_heads=value_heads)
    return _qwen35("", text, **vision)


def _moe_qwen35(
    hidden: int, layers: int, heads: int, value_heads: int, expert: int, **text: int
) -> Fields:
    """Experts, one of them shared, instead of a dense MLP."""
    return _qwen35(
        "_Moe",
        {
            "model_type": "qwen3_5_moe_text",
            "hidden_size": hidden,
            "linear_num_value_heads": value_heads,
            "moe_intermediate_size": expert,
            "num_attention_heads": heads,
            "num_hidden_layers": layers,
            "shared_expert_intermediate_size": expert,
            "tie_word_embeddings": False,
            **text,
        },
    )


MULTIMODAL: dict[str, Fields] = {
    "Gemma-3-4B": _gemma3(Decoder(2560, 10_240, 34, 8, 4, 262_208, 256, tied=True)),
    "Gemma-3-12B": _gemma3(Decoder(3840, 15_360, 48, 16, 8, 262_208, 256, tied=True)),
    "Gemma-3-27B": _gemma3(Decoder(5376, 21_504, 62, 32, 16, 262_208, tied=True)),
    "Gemma-4-E2B": _gemma4(
        Decoder(1536, 6144, 35, 8, 1, 262_144, 256, tied=True),
        SMALL_EYES,
        audio={},
        layer_types=[*["sliding_attention"] * 4, "full_attention"] * 7,
        num_kv_shared_layers=20,
        use_double_wide_mlp=True,
    ),
    "Gemma-4-E4B": _gemma4(
        Decoder(2560, 10_240, 42, 8, 2, 262_144, 256, tied=True),
        SMALL_EYES,
        audio={},
        num_kv_shared_layers=18,
    ),
    # Pixels and sound go into the decoder through one matrix each: there are no encoders.
    "Gemma-4-12B": {
        "model_type": "gemma4_unified",
        "text_config": decoder_fields(
            Decoder(3840, 15_360, 48, 16, 8, 262_144, 256, tied=True),
            "gemma4_unified_text",
            attention_k_eq_v=True,
            final_logit_softcapping=30.0,
            num_global_key_value_heads=1,
        ),
        "vision_config": {},
        "audio_config": {},
    },
    "Gemma-4-26B-A4B": _large_gemma4(
        Decoder(2816, 2112, 30, 16, 8, 262_144, 256, tied=True),
        2,
        enable_moe_block=True,
        moe_intermediate_size=704,
        num_experts=128,
        top_k_experts=8,
    ),
    "Gemma-4-31B": _large_gemma4(Decoder(5376, 21_504, 60, 32, 16, 262_144, 256, tied=True), 4),
    "Ministral-3-3B": _ministral3(Decoder(3072, 9216, 26, 32, 8, 131_072, tied=True)),
    "Ministral-3-8B": _ministral3(Decoder(4096, 14_336, 34, 32, 8, 131_072)),
    "Ministral-3-14B": _ministral3(Decoder(5120, 16_384, 40, 32, 8, 131_072)),
    "Qwen3.5-0.8B": _dense_qwen35(
        Decoder(1024, 3584, 24, 8, 2, 248_320, 256, tied=True),
        16,
        depth=12,
        hidden_size=768,
        intermediate_size=3072,
        num_heads=12,
    ),
    "Qwen3.5-2B": _dense_qwen35(
        Decoder(2048, 6144, 24, 8, 2, 248_320, 256, tied=True), 16, **QWEN_EYES
    ),
    "Qwen3.5-4B": _dense_qwen35(
        Decoder(2560, 9216, 32, 16, 4, 248_320, 256, tied=True), 32, **QWEN_EYES
    ),
    "Qwen3.5-9B": _dense_qwen35(Decoder(4096, 12_288, 32, 16, 4, 248_320, 256), 32),
    "Qwen3.5-27B": _dense_qwen35(Decoder(5120, 17_408, 64, 24, 4, 248_320, 256), 48),
    "Qwen3.5-35B-A3B": _moe_qwen35(2048, 40, 16, 32, 512),
    "Qwen3.5-122B-A10B": _moe_qwen35(3072, 48, 32, 64, 1024),
    "Qwen3.5-397B-A17B": _moe_qwen35(
        4096, 60, 32, 64, 1024, num_experts=512, num_experts_per_tok=10
    ),
}
"""As PRESETS, of which it is a part."""
