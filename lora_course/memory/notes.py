"""What to know of one estimate: ranks that gain nothing, quantisation that reaches little."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lora_course.memory.setting import QUANTISED

MOST = 0.5  # of the parameters: less is not what people expect of a quantised model
INT8 = (
    "int8: the peak is that of a bf16 step with int8 weights in place. What bitsandbytes makes in"
    " passing, and for outliers, depends on the data and is not counted"
)


def rank_notes(adapted: Any) -> Iterator[str]:
    """Whether adapters have a larger rank than their matrix, which PEFT allows."""
    over: dict[tuple[int, int], int] = {}
    for module in adapted.modules():
        for name, a in getattr(module, "lora_A", {}).items():
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


def precision_notes(precision: str, quantised_share: float) -> Iterator[str]:
    """What int8 leaves out, and whether quantising reaches the model at all."""
    if precision == "int8":
        yield INT8
    if precision in QUANTISED and quantised_share < MOST:
        yield (
            f"{precision}: only {quantised_share:.1%} of the parameters are in layers that"
            " bitsandbytes quantises; the rest, such as embeddings, the head, and experts that"
            " transformers keeps in one tensor, stays at 16 bits"
        )
