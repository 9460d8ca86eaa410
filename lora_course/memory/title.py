"""In a line: which model, which adapter, and how one trains."""

from __future__ import annotations

from typing import Any

from lora_course.memory.setting import StepSetting


def title(name: str, lora: Any, setting: StepSetting, step: bool = True) -> str:
    """The model and how one trains, in a line; without a `step`, the adapter alone."""
    parts = [f"base {setting.precision}", f"{setting.adapter_precision} {adapter_words(lora)}"]
    if step:
        parts.append(f"{setting.batch_size}×{setting.seq_length:,} tokens")
        parts.append(setting.optimizer)
        if setting.attention != "auto":
            parts.append(f"{setting.attention} attention")
        if setting.loss_chunk:
            parts.append(f"loss of {setting.loss_chunk:,} tokens at a time")
        if setting.eval_batch_size is not None:
            parts.append(f"evaluation of {setting.eval_batch_size}")
        flags = ("checkpointing", "autocast", "padded", "keep_logits", "on_cpu")
        parts += [flag.replace("_", " ") for flag in flags if getattr(setting, flag)]
    return f"{name}: " + ", ".join(parts)


def adapter_words(lora: Any) -> str:
    """What a `peft.LoraConfig` adapts and how, in words; without its rank."""
    targets = lora.target_modules
    names = [targets] if isinstance(targets, str) else sorted(targets or ())
    names += lora.target_parameters or ()
    on = " ".join(names) if names or targets is not None else "PEFT's own targets"
    parts = [f"{'DoRA' if lora.use_dora else 'LoRA'} on {on}"]
    parts += [f"{name} trained whole" for name in sorted(lora.modules_to_save or ())]
    for words, value in (
        ("dropout", lora.lora_dropout),
        ("layers", lora.layers_to_transform),
        ("without", lora.exclude_modules),
        ("ranks", lora.rank_pattern),
        ("tokens", lora.trainable_token_indices),
        ("bias", lora.bias if lora.bias != "none" else None),
        ("task", lora.task_type),
    ):
        if value:
            parts.append(f"{words} {_plain(value)}")
    return ", ".join(parts)


def _plain(value: Any) -> str:
    """A field's value as one would say it."""
    if isinstance(value, dict):
        return " ".join(f"{key}={one}" for key, one in value.items())
    if isinstance(value, list | set | tuple):
        return " ".join(map(str, sorted(value)))
    return str(getattr(value, "value", value))
