"""The truth: real models on this CPU, PEFT's own counts, files, states, and the allocator."""

from __future__ import annotations

import copy
import gc
import os
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from lora_course.memory.configs import load_config
from lora_course.memory.heads import give_own_head, model_class
from lora_course.memory.meta import DTYPES
from lora_course.memory.optimizers import optimizer_for, state_tensors, storage_bytes
from lora_course.memory.quantised import weight_tensors
from lora_course.memory.setting import QUANTISED, StepSetting
from lora_course.memory.trace.inputs import batch_of
from lora_course.memory.trace.losses import forward
from lora_course.memory.trace.step import prepare
from lora_course.silence import silence_libraries


@silence_libraries()
def build(config: Any, lora: Any, setting: StepSetting) -> Any:
    """A real model with PEFT's adapter, its base in the setting's precision."""
    return adapted(base(config, setting, lora.task_type), lora, setting)


@silence_libraries()
def adapted(model: Any, lora: Any, setting: StepSetting) -> Any:
    """A real model, which is changed, with PEFT's adapter."""
    from peft import get_peft_model

    lora = copy.deepcopy(lora)
    if lora.init_lora_weights == "corda":  # it starts from what the layers read
        from peft.tuners.lora.corda import preprocess_corda

        tokens = torch.arange(16)[None]
        preprocess_corda(model, lora, run_model=lambda: model(tokens))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of fan_in_fan_out, of EVA without data
        return get_peft_model(
            model, lora, autocast_adapter_dtype=setting.adapter_precision == "fp32"
        )


@silence_libraries()
def base(config: Any, setting: StepSetting, task_type: str | None = None) -> Any:
    """A real model without an adapter, loaded from a file, as one would."""
    config = copy.deepcopy(load_config(config))
    config.use_cache = False
    kind = model_class(config, task_type)
    torch.manual_seed(0)
    options: dict[str, Any] = {"dtype": DTYPES[setting.dtype]}
    if setting.attention != "auto":
        options["attn_implementation"] = setting.attention
    if setting.precision in QUANTISED:
        options["quantization_config"] = _quantisation(setting.precision)
    with tempfile.TemporaryDirectory() as folder:
        made = kind._from_config(config)
        give_own_head(made, config)
        made.save_pretrained(folder)
        model = kind.from_pretrained(folder, **options)
    model.config.use_cache = False
    return model


def _quantisation(precision: str) -> Any:
    from transformers import BitsAndBytesConfig

    if precision == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=precision == "nf4",
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


@silence_libraries()
def file_bytes(adapted: Any) -> int:
    """Bytes of the adapter's file as PEFT writes it."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a base model that is in no folder
        adapted.save_pretrained(folder)
        return Path(folder, "adapter_model.safetensors").stat().st_size


def optimizer_bytes(name: str, adapted: Any) -> int:
    """Bytes of that optimizer's state after a real step."""
    optimizer = optimizer_for(name, adapted)
    for parameter in adapted.parameters():
        if parameter.requires_grad:
            parameter.grad = torch.randn_like(parameter)
    optimizer.step()
    return storage_bytes(state_tensors(optimizer))


@silence_libraries()
def peak_bytes(adapted: Any, setting: StepSetting) -> int:
    """What the CPU allocator holds at most in a step, with what is there before it."""
    prepare(adapted, setting)
    batch, _ = batch_of(adapted.get_base_model(), setting)
    if setting.padded:
        batch["attention_mask"][0, -1] = 0
    optimizer = optimizer_for(setting.optimizer, adapted)

    def step() -> None:
        # oneDNN's products take memory of their own in passing, another amount on each kind of CPU.
        without = torch.backends.mkldnn.flags(enabled=False)
        with without, torch.autocast("cpu", torch.bfloat16, enabled=setting.autocast):
            out, loss, _ = forward(adapted, batch, setting)
        if not setting.keep_logits:
            del out
        with torch.backends.mkldnn.flags(enabled=False):
            loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    step()  # makes the optimizer's state
    static = storage_bytes([*weight_tensors(adapted), *state_tensors(optimizer), *batch.values()])
    return static + _most(step)


@silence_libraries()
def evaluation_bytes(adapted: Any, setting: StepSetting) -> int:
    """The same in an evaluation's batch, before the optimizer has a state."""
    adapted.eval()
    batch, _ = batch_of(adapted.get_base_model(), setting.evaluation())

    def evaluate() -> None:
        without = torch.backends.mkldnn.flags(enabled=False)
        with without, torch.no_grad():
            with torch.autocast("cpu", torch.bfloat16, enabled=setting.autocast):
                out = adapted(**batch)
            del out

    evaluate()
    return storage_bytes([*weight_tensors(adapted), *batch.values()]) + _most(evaluate)


def _most(work: Callable[[], None]) -> int:
    """What the CPU allocator gives out at most while `work` runs, over what it had given out."""
    gc.collect()
    os.environ.setdefault(
        "KINETO_LOG_LEVEL", "99"
    )  # else the profiler tells when it starts and stops
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        work()
    events = recorded.profiler.kineto_results.events()
    changes = sorted((e.start_ns(), e.nbytes()) for e in events if e.name() == "[memory]")
    live = most = 0
    for _, change in changes:
        live += change
        most = max(most, live)
    return most
