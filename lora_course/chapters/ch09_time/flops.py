"""The FLOPs of a step by hand: three products a weight in full tuning, two where it is frozen."""

from __future__ import annotations

from dataclasses import dataclass

from lora_course.models.architectures import Decoder


@dataclass(frozen=True)
class Flops:
    """FLOPs of a step by what they are for; `total` is all of them.

    `forward`, `inputs` and `weights`: the base's outputs, the gradients that it hands down, and
    those of its weights. `adapter`: all that A and B take. `attention`: tokens times tokens.
    """

    forward: int
    inputs: int
    weights: int
    adapter: int
    attention: int

    @property
    def total(self) -> int:
        """FLOPs of the whole step."""
        return self.forward + self.inputs + self.weights + self.adapter + self.attention


def by_hand(shape: Decoder, sequences: int, length: int, rank: int | None = None) -> Flops:
    """A step on `sequences` · `length` tokens: full tuning, or LoRA in all linear layers.

    The head counts as a linear layer of the base, without an adapter. `rank`: of the adapters;
    None is full tuning.
    """
    tokens = sequences * length
    weights = shape.linear_parameters() + shape.vocab * shape.hidden
    # Scores and their product with the values: 2 products forward, 4 backward, of 2 FLOPs each.
    attention = 12 * shape.layers * length * tokens * shape.heads * shape.head_dim
    product = 2 * tokens * weights
    if rank is None:
        return Flops(product, product, product, 0, attention)
    matrices = shape.matrices()
    trained = shape.layers * rank * sum(map(sum, matrices.values()))
    # Below the first layer nothing trains: its query, key and value hand no gradient down.
    read = [matrices[name] for name in ("q_proj", "k_proj", "v_proj")]
    spared = 2 * tokens * sum(d_out * d_in for d_out, d_in in read)
    spared_by_a = 2 * tokens * sum(rank * d_in for _, d_in in read)
    adapter = 6 * tokens * trained - spared_by_a
    return Flops(product, product - spared, 0, adapter, attention)


def break_even(d_out: int, d_in: int) -> float:
    """The rank at which an adapter's 6Tn FLOPs are the 2TN that its frozen matrix spares."""
    return d_out * d_in / (3 * (d_out + d_in))
