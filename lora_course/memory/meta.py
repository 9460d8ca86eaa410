"""A model with its adapter on the meta device: every shape and type, no memory, no weights."""

from __future__ import annotations

import copy
import re
import warnings
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn

from lora_course.arguments import one_of
from lora_course.memory.configs import ConfigError, load_config
from lora_course.memory.heads import give_own_head, model_class
from lora_course.memory.internals import internal
from lora_course.memory.starts import finish, needs_values
from lora_course.silence import silence_libraries

# How PEFT refuses: it has no error of its own.
REFUSALS = (ValueError, TypeError, AttributeError, NotImplementedError, ImportError, re.error)
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@silence_libraries()
def base_model(
    model: Any, dtype: str = "fp32", attention: str = "auto", task_type: str | None = None
) -> Any:
    """The model alone on the meta device; for `model` see `load_config`, for the head
    `model_class`."""
    config = copy.deepcopy(load_config(model))
    config.use_cache = False
    options = {} if attention == "auto" else {"attn_implementation": attention}
    kind = model_class(config, task_type)
    wanted = DTYPES[one_of("dtype", dtype, DTYPES)]
    try:
        with torch.device("meta"):
            base = kind._from_config(config, dtype=wanted, **options)
    except (ConfigError, NotImplementedError, MemoryError):
        raise
    except Exception as error:  # sizes that do not fit each other: each class fails in its own way
        raise ConfigError(
            f"{config.model_type}: {kind.__name__} cannot be built from this configuration:"
            f" {type(error).__name__}: {' '.join(str(error).split())[:300]}"
        ) from error
    give_own_head(base, config)
    _keep_in_fp32(base, wanted)
    return base


def _keep_in_fp32(base: Any, dtype: torch.dtype) -> None:
    """Some architectures have modules that loading in 16 bits leaves in fp32."""
    plan_of = internal(
        "transformers.modeling_utils",
        "PreTrainedModel._get_dtype_plan",
        "one cannot tell what loading leaves in fp32",
    )
    plan = plan_of(base, dtype)  # part of a name -> its type
    for name, tensor in (*base.named_parameters(), *base.named_buffers()):
        for part, kept in plan.items():
            if re.search(re.escape(part).replace(r"\*", ".*"), name):
                tensor.data = tensor.data.to(kept)


@silence_libraries()
def adapted_model(base: nn.Module, lora: Any) -> Any:
    """`base` with PEFT's adapters, also on the meta device. `base` is changed.

    ValueError when the adapter fits no module of it.
    """
    from peft import get_peft_model

    _require_lora(lora)
    config = copy.deepcopy(lora)
    if needs_values(base, config.init_lora_weights):
        config.init_lora_weights = False
    # Not low_cpu_mem_usage, which is on meta as well, but unties what is tied.
    with warnings.catch_warnings(), _without_starts(), torch.device("meta"):
        warnings.simplefilter("ignore")  # of fan_in_fan_out, which PEFT sets itself
        try:
            adapted = get_peft_model(base, config)
            finish(adapted, config.init_lora_weights)
        except REFUSALS as error:
            said = "" if isinstance(error, ValueError) else "PEFT cannot make this adapter: "
            raise ValueError(f"{said}{error}{_offered(base, str(error))}") from error
    return adapted


def _without_starts() -> AbstractContextManager[Any]:
    """Nothing is drawn for weights that have no values: a fifth of the time for large models."""
    try:
        from transformers.initialization import no_init_weights
    except ImportError:  # moved: it only takes longer
        return nullcontext()
    start: AbstractContextManager[Any] = no_init_weights()
    return start


def _offered(base: nn.Module, error: str) -> str:
    """What could be adapted instead, where no module was found."""
    if "not found" not in error:
        return ""
    names = {name.rpartition(".")[2] for name, m in base.named_modules() if _adaptable(m)}
    return f" This model has {', '.join(sorted(name for name in names if name))}."


def _adaptable(module: nn.Module) -> bool:
    from transformers.pytorch_utils import Conv1D

    return isinstance(module, nn.Linear | nn.Embedding | Conv1D | nn.Conv1d | nn.Conv2d)


def _require_lora(lora: Any) -> None:
    """ValueError for what is no LoraConfig."""
    from peft import LoraConfig

    if not isinstance(lora, LoraConfig):
        raise ValueError(
            f"lora={lora!r}: must be a peft.LoraConfig; lora_config(rank, targets) makes one"
        )
