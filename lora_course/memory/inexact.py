"""Why an answer is not exact, and on which side of it the truth lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Side = Literal["above", "below", "near"]
ABOVE: Side = "above"
BELOW: Side = "below"
NEAR: Side = "near"


@dataclass(frozen=True)
class Inexact:
    """`reason`: what differs from a real step. `truth`: a real peak lies above the figure, below
    it, or near it, on either side."""

    reason: str
    truth: Side


INT8 = Inexact(
    "int8: the peak is that of a bf16 step with int8 weights in place. What bitsandbytes makes in"
    " passing, and for outliers, depends on the data and is not counted",
    ABOVE,
)
TEXT_ALONE = Inexact("images (pixel_values) are left out: the step is that of text alone", ABOVE)
RECURRENT = Inexact(
    "recurrent layers (Mamba's scan, a gated delta rule) are traced as PyTorch's own code, which"
    " keeps all states; the kernels that a GPU may run in its place (mamba-ssm, fla) keep less",
    BELOW,
)
PAGED_STATE = Inexact(
    "the optimizer's state is paged: the peak is without it, the range goes up to where all of it"
    " lies on the GPU",
    NEAR,
)


def stand_in(kind: str) -> Inexact:
    """Of a model whose loss is not its own, or looks at values."""
    return Inexact(
        f"{kind} takes no loss here by itself: the mean of its output stands for it, and what your"
        " loss keeps comes on top",
        ABOVE,
    )
