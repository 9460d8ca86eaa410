"""What a small model of the validation is, and the fields that many of them share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lora_course.memory.fields import decoder_fields
from lora_course.models.architectures import Decoder


@dataclass(frozen=True)
class Family:
    """A small configuration, two modules of its attention, its head, and whether it reads text."""

    config: dict[str, Any]
    attention: tuple[str, str] = ("q_proj", "v_proj")
    head: str = "lm_head"
    text: bool = True


def decoder(model_type: str, tied: bool = False, **more: Any) -> dict[str, Any]:
    """A small Llama-style decoder's configuration, with `more` of its architecture."""
    shape = Decoder(128, 344, 3, 4, 2, 1000, head_dim=32, tied=tied)
    special = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    return decoder_fields(shape, model_type, **special, **more)


def stack(model_type: str, kind: str | None = None, **more: Any) -> dict[str, Any]:
    """A small stack of blocks under the names that most older architectures use, trained as `kind`,
    a class of transformers."""
    return {
        "model_type": model_type,
        "hidden_size": 128,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "intermediate_size": 512,
        "vocab_size": 1000,
        **({"architectures": [kind]} if kind else {}),
        **more,
    }
