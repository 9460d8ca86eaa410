"""What to know of one estimate: ranks that gain nothing, quantisation that reaches little."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from torch import Tensor

from lora_course.memory.adapted import adapted_layers
from lora_course.memory.configs import DEQUANTISED
from lora_course.memory.coverage import EXPERTS
from lora_course.memory.setting import QUANTISED

MOST = 0.5  # of the parameters: less is not what people expect of a quantised model
MANY = 0.1  # of the parameters, in experts that get no adapter


def rank_notes(adapted: Any) -> Iterator[str]:
    """Whether adapters have a larger rank than their matrix, which PEFT allows."""
    over: dict[tuple[int, int], int] = {}
    for module in adapted_layers(adapted):
        for name, a in module.lora_A.items():
            b = module.lora_B[name]
            # An embedding's factors are no layers, and those of experts hold all experts' ranks.
            if not hasattr(a, "in_features") or a.out_features != module.r[name]:
                continue
            if a.out_features > min(a.in_features, b.out_features):
                shape = (b.out_features, a.in_features)
                over[shape] = over.get(shape, 0) + 1
    for (d_out, d_in), count in sorted(over.items()):
        yield (
            f"the rank is above that of {count} matrices of {d_out}×{d_in}: an update of theirs has"
            f" rank {min(d_out, d_in)} at most, and what is above it costs and adds nothing"
        )


def precision_notes(
    precision: str, quantised_share: float, stored: dict[str, Any]
) -> Iterator[str]:
    """Whether quantising reaches the model, and what becomes of weights that are stored so."""
    if stored.get("quant_method") in DEQUANTISED:
        yield (
            f"the weights are stored as {stored['quant_method']}; training makes"
            f" {precision} of them, as Mxfp4Config(dequantize=True) does"
        )
    if precision in QUANTISED and quantised_share < MOST:
        yield (
            f"{precision}: only {quantised_share:.1%} of the parameters are in layers that"
            " bitsandbytes quantises; the rest, such as embeddings, the head, and experts that"
            " transformers keeps in one tensor, stays at 16 bits"
        )


def unmatched_notes(adapted: Any) -> Iterator[str]:
    """Names of targets, and of a rank pattern, that no module has: PEFT passes them by."""
    names = [name for name, _ in adapted.get_base_model().named_modules()]
    last = {name.rpartition(".")[2] for name in names}
    for config in adapted.peft_config.values():
        targets = config.target_modules
        wanted = [] if isinstance(targets, str) or targets is None else sorted(targets)
        patterns = [re.escape(name) for name in wanted]
        for text, pattern in zip(
            [*wanted, *config.rank_pattern], [*patterns, *config.rank_pattern], strict=True
        ):
            matches = re.compile(rf"(.*\.)?({pattern})$").match
            if not any(map(matches, names)) and not pattern.endswith("gate_up_proj"):
                near = get_close_matches(text, last, n=1)
                meant = f"; did you mean {near[0]}?" if near else ""
                yield f"no module of this model is called {text}: it adapts nothing{meant}"


def adapter_notes(adapted: Any, trainable: int, without: dict[str, float]) -> Iterator[str]:
    """Experts that get no adapter or one of another rank, and layers that train and are saved
    whole."""
    for config in adapted.peft_config.values():
        for pattern, rank in config.rank_pattern.items():
            if pattern.endswith("gate_up_proj") and rank == 2 * config.r:
                yield (
                    "PEFT adapts gate and up of an expert as one matrix (gate_up_proj), with rank"
                    f" {rank} in place of {config.r}"
                )
    yield from unmatched_notes(adapted)
    if without.get(EXPERTS, 0) > MANY:
        yield (
            f"the experts, {without[EXPERTS]:.1%} of the parameters, get no adapter; where they are"
            " one tensor a layer, target_parameters (--target-parameters) reaches them"
        )
    whole = {
        name.rpartition(".")[2]: sum(p.numel() for p in module.modules_to_save.parameters())
        for name, module in adapted.get_base_model().named_modules()
        if hasattr(module, "modules_to_save")
    }
    rest = trainable - sum(whole.values())
    if whole and sum(whole.values()) > rest > 0:
        yield (
            f"{', '.join(whole)} trained and saved whole: {trainable / rest:.0f} times as many"
            " parameters as the adapter alone, in the file as in training"
        )


def file_notes(saved: Mapping[str, Tensor]) -> Iterator[str]:
    """Frozen weights in the adapter's file: PEFT puts them there with an adapted embedding."""
    sizes = {name: tensor.numel() for name, tensor in saved.items()}
    frozen = [name for name in sizes if name.endswith(".base_layer.weight")]
    if frozen:
        names = sorted({name.split(".")[-3] for name in frozen})
        share = sum(sizes[name] for name in frozen) / sum(sizes.values())
        yield (
            f"{share:.0%} of the file are frozen weights, of {', '.join(names)}, which PEFT saves"
            " where embeddings or the head are targets; save_embedding_layers=False in"
            " save_pretrained leaves them out"
        )
