"""Small models that see or hear, alone or beside a decoder."""

from __future__ import annotations

from typing import Any

from lora_course.memory.validation.family import Family, decoder, stack

_CLASSIFIER = "classifier"
_SIGLIP: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 32,
    "patch_size": 8,
}
_WAVES: dict[str, Any] = {
    "conv_dim": [32, 32, 32],
    "conv_kernel": [10, 3, 3],
    "conv_stride": [5, 4, 4],
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
}


def _seen(
    model_type: str, kind: str, attention: tuple[str, str] = Family.attention, **shape: Any
) -> Family:
    """A classifier of images, of ten classes."""
    config = {
        "model_type": model_type,
        "num_labels": 10,
        "architectures": [f"{kind}ForImageClassification"],
        **shape,
    }
    return Family(config, attention, head=_CLASSIFIER, text=False)


SENSES: dict[str, Family] = {
    "ViT": _seen(
        "vit",
        "ViT",
        hidden_size=192,
        num_hidden_layers=3,
        num_attention_heads=3,
        intermediate_size=768,
    ),
}
"""The first, which peaks and weights are measured on as well."""

MORE_SENSES: dict[str, Family] = {
    "Swin": _seen(
        "swin",
        "Swin",
        embed_dim=32,
        depths=[1, 2],
        num_heads=[2, 4],
        image_size=64,
        window_size=4,
    ),
    "DINOv2": _seen(
        "dinov2",
        "Dinov2",
        hidden_size=128,
        num_hidden_layers=3,
        num_attention_heads=4,
        image_size=56,
    ),
    "ConvNeXt": _seen(
        "convnext",
        "ConvNext",
        attention=("pwconv1", "pwconv2"),
        hidden_sizes=[32, 64],
        depths=[1, 2],
        num_stages=2,
    ),
    "ResNet": _seen(
        "resnet",
        "ResNet",
        attention=("layer.0.convolution", "layer.1.convolution"),
        embedding_size=32,
        hidden_sizes=[32, 64],
        depths=[1, 1],
    ),
    "Whisper": Family(
        {
            "model_type": "whisper",
            "d_model": 128,
            "encoder_layers": 2,
            "decoder_layers": 2,
            "encoder_attention_heads": 4,
            "decoder_attention_heads": 4,
            "encoder_ffn_dim": 256,
            "decoder_ffn_dim": 256,
            "max_source_positions": 64,
            "vocab_size": 1000,
            "pad_token_id": 0,
            "bos_token_id": 1,
            "eos_token_id": 2,
            "decoder_start_token_id": 1,
            "architectures": ["WhisperForConditionalGeneration"],
        },
        head="proj_out",
    ),
    "wav2vec 2.0, sequences": Family(
        stack("wav2vec2", "Wav2Vec2ForSequenceClassification", **_WAVES),
        head=_CLASSIFIER,
        text=False,
    ),
    "AST": Family(
        stack(
            "audio-spectrogram-transformer",
            "ASTForAudioClassification",
            num_mel_bins=32,
            max_length=64,
        ),
        text=False,
    ),
    "wav2vec 2.0, CTC": Family(
        stack("wav2vec2", "Wav2Vec2ForCTC", **_WAVES, pad_token_id=0), text=False
    ),
    "CLIP": Family(
        {
            "model_type": "clip",
            "projection_dim": 64,
            "text_config": {
                "hidden_size": 64,
                "intermediate_size": 128,
                "num_hidden_layers": 2,
                "num_attention_heads": 2,
                "vocab_size": 1000,
            },
            "vision_config": _SIGLIP,
            "architectures": ["CLIPModel"],
        },
        head="text_projection",
    ),
    "Gemma 3": Family(
        {
            "model_type": "gemma3",
            "text_config": decoder("gemma3_text", tied=True, sliding_window=64),
            "vision_config": {"model_type": "siglip_vision_model", **_SIGLIP},
            "mm_tokens_per_image": 4,
            "architectures": ["Gemma3ForConditionalGeneration"],
        }
    ),
    "LLaVA": Family(
        {
            "model_type": "llava",
            "text_config": decoder("llama"),
            "vision_config": {"model_type": "clip_vision_model", **_SIGLIP},
            "image_token_index": 999,
            "architectures": ["LlavaForConditionalGeneration"],
        }
    ),
    "Qwen2-VL": Family(
        {
            "model_type": "qwen2_vl",
            "text_config": {
                **decoder("qwen2_vl_text"),
                "rope_parameters": {"rope_type": "default", "mrope_section": [4, 6, 6]},
            },
            "vision_config": {"depth": 2, "embed_dim": 64, "hidden_size": 128, "num_heads": 2},
            "tie_word_embeddings": False,
            "architectures": ["Qwen2VLForConditionalGeneration"],
        }
    ),
}
"""More architectures, for counts."""
