"""The same step without an adapter, where the whole model trains: what LoRA is compared with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lora_course.memory.configs import load_config
from lora_course.memory.meta import base_model
from lora_course.memory.positions import require_positions
from lora_course.memory.setting import QUANTISED, StepSetting
from lora_course.memory.trace.repeated import extended_step, repeated_layers, shortened
from lora_course.memory.trace.step import ADAPTER, WEIGHTS, Step, traced


def full_tuning(model: Any, setting: StepSetting | None = None) -> Step:
    """One traced step that trains all of `model` in the setting's precision; see `load_config`.

    Weights, gradients and optimizer state are all in that type, without a copy in fp32. ValueError
    for quantised weights, which cannot be trained.
    """
    setting = setting or StepSetting()
    if setting.precision in QUANTISED:
        raise ValueError(f"precision={setting.precision!r}: quantised weights cannot be trained")
    config = load_config(model)
    whole = _trainable(config, setting)
    require_positions(whole, setting.seq_length)
    layers = repeated_layers(whole, config)

    def step_of(count: int) -> Step:
        return traced(_trainable(shortened(config, count) if count else config, setting), setting)

    step = extended_step(step_of, layers) if layers else step_of(0)
    return replace(step, phases=tuple(map(_as_weights, step.phases)))


def trains_whole(model: Any) -> Any:
    """`model` itself, which is told what PEFT's wrapper tells: that the base is all there is."""
    model.get_base_model = lambda: model
    return model


def _trainable(config: Any, setting: StepSetting) -> Any:
    return trains_whole(base_model(config, setting.dtype, setting.attention))


def _as_weights(held: dict[str, int]) -> dict[str, int]:
    """What trains is no adapter here, but the weights."""
    rest = {kind: size for kind, size in held.items() if kind != ADAPTER}
    return {WEIGHTS: 0} | rest | {WEIGHTS: held.get(WEIGHTS, 0) + held.get(ADAPTER, 0)}
