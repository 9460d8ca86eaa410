"""Closed-form arithmetic of LoRA: parameters and training memory. Needs no torch.

1 MB is 10^6 bytes throughout.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from lora_course.arguments import one_of, rank_for, whole
from lora_course.models.architectures import Decoder, Shape, model_shape, target_names

WEIGHT_BYTES: dict[str, float] = {
    "fp32": 4.0,
    "bf16": 2.0,
    "fp16": 2.0,
    "int8": 1.0,
    # NF4: 4 bits, an 8-bit scale every 64 weights, and a 32-bit scale of those scales every
    # 64·256 weights (double quantisation; QLoRA, arXiv 2305.14314, section 3).
    "nf4": 0.5 + 1 / 64 + 4 / (64 * 256),
}
"""Bytes a frozen base weight takes, by precision."""

COMPUTE_BYTES: dict[str, int] = {"fp32": 4, "bf16": 2, "fp16": 2, "int8": 2, "nf4": 2}
"""Bytes a value takes in the forward pass: quantised weights are expanded to 16 bits."""

ADAPTER_BYTES: dict[str, int] = {"fp32": 4, "bf16": 2, "fp16": 2}
"""Bytes an adapter weight takes; PEFT upcasts 16-bit adapters to fp32 unless told not to."""

Matrices = int | Shape | Mapping[str, Shape]
"""What one layer adapts: d for a square d×d matrix, (d_out, d_in), or several by name."""


def _shapes(layer_dim: Matrices) -> dict[str, Shape]:
    """One layer's adapted matrices by name, checked."""
    if isinstance(layer_dim, Mapping):
        named = dict(layer_dim)
    elif isinstance(layer_dim, tuple):
        named = {"weight": layer_dim}
    else:
        named = {"weight": (layer_dim, layer_dim)}
    if not named:
        raise ValueError("layer_dim={}: names no matrix; give at least one (d_out, d_in)")
    for name, shape in named.items():
        if not isinstance(shape, tuple) or len(shape) != 2:
            raise ValueError(f"layer_dim[{name!r}]={shape!r}: must be a pair (d_out, d_in)")
    return {
        name: (whole("layer_dim", shape[0]), whole("layer_dim", shape[1]))
        for name, shape in named.items()
    }


def estimate_lora_params(layer_dim: Matrices, rank: int, num_layers: int = 32) -> int:
    """Trainable parameters of LoRA at `rank` over `num_layers` equal layers.

    A d_out×d_in matrix gets B (d_out×r) and A (r×d_in): r·(d_out + d_in), summed over the
    adapted matrices of a layer and over the layers (LoRA, arXiv 2106.09685, section 4).
    `layer_dim`: d for one d×d matrix a layer, (d_out, d_in), or {name: (d_out, d_in), …}.
    """
    shapes = _shapes(layer_dim)
    for name, shape in shapes.items():
        rank = rank_for(rank, shape, name)
    return whole("num_layers", num_layers) * sum(rank * sum(shape) for shape in shapes.values())


def estimate_training_memory(
    rank: int,
    layer_dim: Matrices = 4096,
    num_layers: int = 32,
    precision: str = "bf16",
    *,
    batch_size: int = 4,
    seq_length: int = 512,
    adapter_precision: str = "fp32",
) -> dict[str, float]:
    """Memory of LoRA training with AdamW on `num_layers` linear layers and nothing else, in MB.

    Keys: `rank`, `lora_params`, `base_weights_mb`, `adapter_mb`, `gradients_mb`, `optimizer_mb`
    (two moments, each in the adapter's own precision), `activations_mb` (what the adapters keep
    for the backward pass: each its input, d_in, and A's output, r, for every one of
    batch_size·seq_length tokens), `total_mb`, and `compression_vs_full` (weights of the adapted
    matrices ÷ lora_params). Not counted: temporary buffers, the allocator's rounding, and the
    rest of a real model, for which see `estimate_model_memory`.
    """
    shapes = _shapes(layer_dim)
    params = estimate_lora_params(shapes, rank, num_layers)
    adapted = num_layers * sum(d_out * d_in for d_out, d_in in shapes.values())
    base_bytes = adapted * WEIGHT_BYTES[one_of("precision", precision, WEIGHT_BYTES)]
    value_bytes = ADAPTER_BYTES[one_of("adapter_precision", adapter_precision, ADAPTER_BYTES)]
    tokens = whole("batch_size", batch_size) * whole("seq_length", seq_length)
    kept = num_layers * sum(d_in + rank for _, d_in in shapes.values())
    return _summary(rank, params, adapted, base_bytes, value_bytes, tokens * kept * value_bytes)


def estimate_model_memory(
    model: str | Decoder,
    rank: int,
    targets: str | Iterable[str] = "all linear",
    precision: str = "bf16",
    *,
    batch_size: int = 1,
    seq_length: int = 2048,
    adapter_precision: str = "fp32",
) -> dict[str, float]:
    """Memory of one LoRA training step on a whole decoder model, in MB; keys as above.

    One key more, `logits_mb`: two further fp32 copies of the scores over the vocabulary, which the
    loss makes at the fullest moment. `total_mb` is that moment's: gradients come as activations
    go, so of gradients and of activations with logits only the larger counts.

    Base weights: linear layers at `precision`; with int8 and nf4, embeddings, head and norms
    stay at 16 bits. Activations: what the backward pass keeps, without checkpointing or autocast
    and with fused attention: per token and block, the adapters' inputs and outputs of A, two
    fp32 norm inputs, q, k, v, the attention output and three MLP values, and once the fp32 log
    probabilities. `lora_course.memory.estimate` traces the step itself, for any model.
    """
    shape = model_shape(model)
    names = target_names(targets)
    matrices = {name: full for name, full in shape.matrices().items() if name in names}
    params = estimate_lora_params(matrices, rank, shape.layers)
    weight_bytes = WEIGHT_BYTES[one_of("precision", precision, WEIGHT_BYTES)]
    compute_bytes = COMPUTE_BYTES[precision]
    value_bytes = ADAPTER_BYTES[one_of("adapter_precision", adapter_precision, ADAPTER_BYTES)]
    tokens = whole("batch_size", batch_size) * whole("seq_length", seq_length)
    base_bytes = shape.linear_parameters() * weight_bytes + shape.other_parameters() * max(
        weight_bytes, compute_bytes
    )
    block = _block_bytes(shape, matrices, rank, compute_bytes, value_bytes)
    kept = tokens * (shape.layers * block + 4 * shape.vocab)
    adapted = shape.layers * sum(math.prod(full) for full in matrices.values())
    figures = _summary(rank, params, adapted, base_bytes, value_bytes, kept)
    logits = tokens * 2 * 4 * shape.vocab / 1e6
    passing = max(figures["activations_mb"] + logits, figures["gradients_mb"])
    lasting = sum(figures[key] for key in ("base_weights_mb", "adapter_mb", "optimizer_mb"))
    return figures | {"logits_mb": logits, "total_mb": lasting + passing}


def _block_bytes(
    shape: Decoder,
    adapted: Mapping[str, Shape],
    rank: int,
    compute_bytes: int,
    adapter_bytes: int,
) -> int:
    """Bytes that one block keeps per token for the backward pass."""
    q_dim, kv_dim = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    norms = 2 * 4 * shape.hidden
    attention = compute_bytes * (2 * q_dim + 2 * kv_dim) + 4 * shape.heads
    mlp = compute_bytes * 3 * shape.intermediate
    # An adapter in another precision than the forward pass keeps a cast copy of its input. In
    # the same precision, matrices that read the same tensor keep it once, and o_proj reads the
    # attention output, which is kept anyway.
    if adapter_bytes != compute_bytes:
        inputs = sum(d_in for _, d_in in adapted.values())
    else:
        reads = {"q_proj": "x", "k_proj": "x", "v_proj": "x", "gate_proj": "h", "up_proj": "h"}
        own = {reads.get(name, name): d_in for name, (_, d_in) in adapted.items()}
        inputs = sum(own.values()) - own.get("o_proj", 0)
    return norms + attention + mlp + adapter_bytes * (inputs + rank * len(adapted))


def _summary(
    rank: int,
    params: int,
    adapted: int,
    base_bytes: float,
    value_bytes: int,
    activation_bytes: float,
) -> dict[str, float]:
    """The figures of one estimate under their public names."""
    parts = {
        "base_weights_mb": base_bytes / 1e6,
        "adapter_mb": params * value_bytes / 1e6,
        "gradients_mb": params * value_bytes / 1e6,
        "optimizer_mb": 2 * params * value_bytes / 1e6,
        "activations_mb": activation_bytes / 1e6,
    }
    return {
        "rank": rank,
        "lora_params": params,
        **parts,
        "total_mb": sum(parts.values()),
        "compression_vs_full": adapted / params,
    }


def print_memory_table(
    ranks: Iterable[int] = (4, 8, 16, 32, 64),
    layer_dim: Matrices = 4096,
    num_layers: int = 32,
    precision: str = "bf16",
) -> None:
    """Print, for each rank, parameters, adapter, gradient and optimizer memory, compression."""
    print(
        f"{'rank':>4} {'params':>12} {'adapter':>11} {'gradients':>11} {'optimizer':>11}  full/LoRA"
    )
    for rank in ranks:
        row = estimate_training_memory(rank, layer_dim, num_layers, precision)
        print(
            f"{rank:>4} {row['lora_params']:>12,} {row['adapter_mb']:>8.1f} MB"
            f" {row['gradients_mb']:>8.1f} MB {row['optimizer_mb']:>8.1f} MB"
            f" {row['compression_vs_full']:>9.0f}x"
        )
