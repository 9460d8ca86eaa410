"""How well-known trainers train where nobody says: what their defaults are in a `StepSetting`.

Read in their code: TRL 1.16.0 (SFTTrainer, `trl sft --use_peft`), LLaMA-Factory ff6d4d1 with its
example configurations, unsloth 2026.10.9; of axolotl 0.19.0, which leaves most to the user, the
commonest values of its 106 QLoRA examples. What their code does otherwise than a step of
transformers is said, not imitated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lora_course.memory.inexact import BELOW, NEAR, Inexact

_LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


@dataclass(frozen=True)
class Like:
    """A trainer's defaults: fields of StepSetting, arguments of `lora_config`, and what differs."""

    setting: dict[str, Any]
    adapter: dict[str, Any] = field(default_factory=dict)
    inexact: tuple[Inexact, ...] = ()


LIKE: dict[str, Like] = {
    "trl": Like(
        {
            "precision": "fp32",
            "autocast": True,
            "checkpointing": True,
            "batch_size": 8,
            "seq_length": 1024,
            "loss_chunk": 256,
            "eval_batch_size": 8,
        },
        {"targets": "default", "lora_dropout": 0.05},
        (
            Inexact(
                "TRL takes the loss in tiles of 4,096 tokens and 32,768 words; traced in chunks of"
                " 256 tokens and all words, which take about as much",
                NEAR,
            ),
        ),
    ),
    "axolotl": Like(
        {
            "precision": "nf4",
            "autocast": True,
            "checkpointing": True,
            "batch_size": 2,
            "seq_length": 2048,
            "optimizer": "adamw-8bit",
            "eval_batch_size": 2,
        },
        {"targets": "all-linear", "lora_dropout": 0.05},
        (
            Inexact(
                "axolotl's fused LoRA kernels keep fewer copies of the inputs, and its"
                " CutCrossEntropy plugin, where it is on, makes no logits",
                BELOW,
            ),
        ),
    ),
    "llama-factory": Like(
        {"autocast": True, "checkpointing": True, "seq_length": 2048},
        {"targets": "all-linear"},
    ),
    "unsloth": Like(
        {
            "precision": "nf4",
            "autocast": True,
            "checkpointing": True,
            "batch_size": 4,
            "seq_length": 2048,
            "optimizer": "adamw-8bit",
            "loss_chunk": 1024,
            "eval_batch_size": 4,
        },
        {"targets": _LINEAR},
        (
            Inexact(
                "unsloth moves the inputs of checkpointed layers to the computer's memory and keeps"
                " fewer copies; how it cuts the loss follows the GPU's free memory, here chunks of"
                " 1,024 tokens. Its checkpoints of 4 bits keep some layers in 16",
                BELOW,
            ),
        ),
    ),
}
"""Name -> defaults. TRL's adapters on a 4-bit base are bf16: give --adapter-precision too."""
