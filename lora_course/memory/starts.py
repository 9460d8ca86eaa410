"""How an adapter starts, without values: what PEFT does to it then that changes its shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

from torch import nn

from lora_course.memory.adapted import adapted_layers

# Ways to start that look at values: of a data set's covariances, of what quantising loses.
OF_DATA = ("corda", "loftq")


def needs_values(base: nn.Module, start: bool | str) -> bool:
    """Whether a start asks for what is not here: data, or the values of quantised weights.

    The others are left to PEFT: some cut a rank, or refuse a layer; MiCA freezes a factor.
    """
    quantised = getattr(base, "is_loaded_in_4bit", False) and start != "mica"
    return start is True or start in OF_DATA or quantised


def finish(adapted: nn.Module, start: bool | str) -> None:
    """Do what PEFT puts off for adapters on the meta device, until they get values."""
    for module in adapted_layers(adapted):
        for name, config in getattr(module, "_lora_monteclora_config", {}).items():
            _sampler(module, name, config)
        getattr(module, "_lora_kasa_truncation_deferred", set()).clear()  # changes values alone
        if start == "mica":
            _require_minor_components(module)


class _NoSamples:
    """In place of MonteCLoRA's buffer of samples, gigabytes of values that each step reads."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def get(self) -> Mapping[str, Any]:
        raise NotImplementedError("MonteCLoRA's samples are not estimated")


def _sampler(module: Any, name: str, config: Any) -> None:
    """MonteCLoRA's sampler, whose parameters train; without the samples, which are values."""
    from peft.tuners.lora import monteclora
    from peft.tuners.lora.variants import MontecloraLinearVariant

    if name not in module.lora_monteclora_sampler:
        with patch.object(monteclora, "BufferedMontecloraSampler", _NoSamples):
            made = MontecloraLinearVariant._create_sampler(module, name, config)
        module.lora_monteclora_sampler[name] = made


def _require_minor_components(module: Any) -> None:
    """ValueError for a rank above the matrix, of whose singular vectors MiCA takes the last."""
    for name, a in module.lora_A.items():
        most = min(a.in_features, module.lora_B[name].out_features)
        if module.r[name] > most:
            raise ValueError(
                f"init_lora_weights='mica': rank {module.r[name]} is above that of a matrix with"
                f" {most} singular vectors; lower it, or leave such modules out"
            )
