"""Small decoders: those that count every kind of adapter, and many more architectures."""

from __future__ import annotations

from typing import Any

from lora_course.memory.validation.family import Family, decoder, stack

FUSED = ("query_key_value", "dense")
_SPECIAL: dict[str, Any] = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
_GPT2: dict[str, Any] = {
    "model_type": "gpt2",
    "n_embd": 128,
    "n_layer": 3,
    "n_head": 4,
    "vocab_size": 1000,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "architectures": ["GPT2LMHeadModel"],
}

DECODERS: dict[str, Family] = {
    "Llama": Family(decoder("llama")),
    "Llama, tied": Family(decoder("llama", tied=True)),
    "Mistral": Family(decoder("mistral")),
    "Qwen2": Family(decoder("qwen2")),
    "Qwen3": Family(decoder("qwen3")),
    "Gemma 2": Family(decoder("gemma2", tied=True)),
    "Phi-3": Family(decoder("phi3"), attention=("qkv_proj", "o_proj")),
    "Mixtral": Family(decoder("mixtral", num_local_experts=4)),
    "Qwen3-MoE": Family(
        decoder("qwen3_moe", num_experts=4, num_experts_per_tok=2, moe_intermediate_size=96)
    ),
    "GPT-2": Family(_GPT2, attention=("c_attn", "c_proj")),
}
"""The first, which peaks and weights are measured on as well."""

MORE_DECODERS: dict[str, Family] = {
    "Gemma": Family(decoder("gemma", tied=True)),
    "Gemma 3, text": Family(decoder("gemma3_text", tied=True, sliding_window=64)),
    "Gemma 4, text": Family(
        decoder(
            "gemma4_text",
            tied=True,
            hidden_size_per_layer_input=16,
            vocab_size_per_layer_input=1000,
            num_kv_shared_layers=0,
            global_head_dim=64,
            layer_types=["sliding_attention", "sliding_attention", "full_attention"],
        )
    ),
    "Qwen3.5, text": Family(
        decoder(
            "qwen3_5_text",
            linear_num_key_heads=2,
            linear_num_value_heads=4,
            linear_key_head_dim=32,
            linear_value_head_dim=32,
            layer_types=["linear_attention", "linear_attention", "full_attention"],
        )
    ),
    "gpt-oss": Family(
        decoder("gpt_oss", num_local_experts=4, num_experts_per_tok=2, sliding_window=64)
    ),
    "SmolLM3": Family(decoder("smollm3", tied=True)),
    "Ministral": Family(decoder("ministral", sliding_window=64)),
    "Ministral 3": Family(decoder("ministral3")),
    "DeepSeek-V3": Family(
        {
            **decoder("deepseek_v3"),
            "head_dim": 16,
            "num_key_value_heads": 4,
            "moe_intermediate_size": 96,
            "n_routed_experts": 4,
            "n_group": 1,
            "topk_group": 1,
            "num_experts_per_tok": 2,
            "first_k_dense_replace": 1,
            "kv_lora_rank": 32,
            "q_lora_rank": 64,
            "qk_rope_head_dim": 16,
            "qk_nope_head_dim": 32,
            "v_head_dim": 32,
        },
        attention=("q_b_proj", "kv_b_proj"),
    ),
    "GLM-4": Family(decoder("glm4")),
    "GLM-4-MoE": Family(
        decoder(
            "glm4_moe",
            moe_intermediate_size=96,
            n_routed_experts=4,
            num_experts_per_tok=2,
            first_k_dense_replace=1,
        )
    ),
    "OLMo 2": Family(decoder("olmo2")),
    "Cohere": Family(decoder("cohere", tied=True)),
    "Granite": Family(decoder("granite")),
    "StarCoder2": Family(decoder("starcoder2", tied=True, use_bias=True)),
    "StableLM": Family(decoder("stablelm")),
    "Phi": Family(stack("phi", num_key_value_heads=4, **_SPECIAL)),
    "Falcon": Family(stack("falcon", **_SPECIAL), attention=FUSED),
    "GPT-NeoX": Family(stack("gpt_neox", **_SPECIAL), attention=FUSED),
    "GPT-J": Family(
        {
            "model_type": "gptj",
            "n_embd": 128,
            "n_layer": 3,
            "n_head": 4,
            "rotary_dim": 16,
            "vocab_size": 1000,
            **_SPECIAL,
        }
    ),
    "OPT": Family(stack("opt", ffn_dim=512, word_embed_proj_dim=128, **_SPECIAL)),
    "BLOOM": Family(
        {
            "model_type": "bloom",
            "hidden_size": 128,
            "n_layer": 3,
            "n_head": 4,
            "vocab_size": 1000,
            **_SPECIAL,
        },
        attention=FUSED,
    ),
    "MPT": Family(
        {"model_type": "mpt", "d_model": 128, "n_layers": 3, "n_heads": 4, "vocab_size": 1000},
        attention=("Wqkv", "out_proj"),
    ),
    "Mamba": Family(
        {
            "model_type": "mamba",
            "hidden_size": 128,
            "num_hidden_layers": 3,
            "state_size": 16,
            "vocab_size": 1000,
            **_SPECIAL,
        },
        attention=("in_proj", "x_proj"),
    ),
}
"""More architectures, for counts."""
