"""What an adapter holds, part by part of the model: in numbers, and in bytes of its file."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lora_course.memory import PRESETS, Count, count_parameters
from lora_course.memory.coverage import EXPERTS
from lora_course.models.architectures import TARGETS

ADAPTER_BYTES = 4  # PEFT makes A, B and the rows of single tokens fp32, whatever the base is
BASE_BYTES = 2  # of bf16, in which the bases are counted here; whole modules are saved in it

SEVEN = list(TARGETS["all linear"])

WAYS: dict[str, dict[str, Any]] = {
    "all-linear": {"target_modules": "all-linear"},
    "seven names": {"target_modules": SEVEN},
    "q and v": {"target_modules": list(TARGETS["query and value"])},
    "experts too": {
        "target_modules": list(TARGETS["attention"]),
        "target_parameters": ["experts.gate_up_proj", "experts.down_proj"],
    },
}
"""Targets, as arguments of LoraConfig. Of a dense model the last one is attention alone."""

SAVED: dict[str, dict[str, Any]] = {
    "adapter alone": {},
    "+ 3 tokens": {"trainable_token_indices": [0, 1, 2]},
    "+ embeddings": {"modules_to_save": ["embed_tokens"]},
    "+ both": {"modules_to_save": ["embed_tokens", "lm_head"]},
}
"""What is trained beside the adapter, as arguments of LoraConfig; both: embeddings and head."""

PARTS = ("attention", "MLP", "experts", "router", "embeddings", "head")
"""The parts of a model in which numbers can train."""


def part_of(module: str) -> str:
    """The part of the model, one of PARTS, to which the module of that name belongs."""
    last = module.rpartition(".")[2]
    if last in ("embed_tokens", "lm_head"):
        return "head" if last == "lm_head" else "embeddings"
    if ".experts" in module:
        return "experts"
    if module.endswith(("mlp.gate", "mlp.router")):
        return "router"
    return "attention" if ".self_attn." in module else "MLP"


@dataclass(frozen=True)
class Counted:
    """What PEFT trains in a model in bf16, and which of its modules are saved whole."""

    model: str
    count: Count
    whole: frozenset[str]

    @property
    def file(self) -> int:
        """Bytes of the adapter's file, with its header."""
        return self.count.file_bytes

    @property
    def trains(self) -> int:
        """How many numbers train."""
        return self.count.trainable

    @property
    def rank(self) -> float:
        """The rank of the adapters on the experts' gate_up_proj, by the numbers of the first block.

        Of each expert it is 2·intermediate × hidden: A and B have the rank times the sum.
        """
        fields = PRESETS[self.model]
        sides = 2 * fields["intermediate_size"] + fields["hidden_size"]
        # The experts' two tensors are adapted one around the other; gate_up_proj is the inner one.
        numbers = self.count.by_module["model.layers.0.mlp.experts.base_layer"]
        return numbers / (fields["num_local_experts"] * sides)

    @property
    def frozen_experts(self) -> float:
        """The share of the model that is in experts without an adapter."""
        return self.count.without.get(EXPERTS, 0.0)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """How many numbers train in each of PARTS, where any do."""
        return self._sums(whole=1, other=1)

    @cached_property
    def data(self) -> dict[str, int]:
        """Bytes of each of PARTS in the file, where there are any: all but the header."""
        return self._sums(whole=BASE_BYTES, other=ADAPTER_BYTES)

    def _sums(self, whole: int, other: int) -> dict[str, int]:
        """The numbers of each part, times `whole` in modules saved whole, times `other` else."""
        sums = dict.fromkeys(PARTS, 0)
        for module, numbers in self.count.by_module.items():
            each = whole if module.rpartition(".")[2] in self.whole else other
            sums[part_of(module)] += each * numbers
        return {part: total for part, total in sums.items() if total}


def counted(model: str, config: Any) -> Counted:
    """A model of PRESETS in bf16 with the adapter of a LoraConfig: from shapes alone."""
    return Counted(model, count_parameters(model, config), frozenset(config.modules_to_save or ()))


def by_targets(model: str) -> dict[str, Counted]:
    """The adapter of rank 16 under each of WAYS."""
    from peft import LoraConfig

    return {way: counted(model, LoraConfig(r=16, **targets)) for way, targets in WAYS.items()}


def warnings_naming(words: Iterable[str], kind: str, arguments: Mapping[str, Any]) -> int:
    """How often PEFT warns with one of `words` when it adapts a small model of that kind.

    `kind`: a model_type of transformers, such as "mixtral"; `arguments`: of LoraConfig. The model
    is a real one, of one block.
    """
    from peft import LoraConfig, get_peft_model
    from transformers import AutoConfig, AutoModelForCausalLM

    sizes = {
        "vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1,
        "num_attention_heads": 4, "num_key_value_heads": 2, "num_local_experts": 4,
    }  # fmt: skip
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **sizes))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        get_peft_model(model, LoraConfig(r=2, **arguments))
    texts = [str(one.message) for one in said]
    return sum(any(word in text for word in words) for text in texts)
