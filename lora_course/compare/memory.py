"""What a training step holds in memory: measured on the real tensors, and predicted by arithmetic.

Both count weights, what trains (adapter or weights, gradients, optimizer state) and the
activations kept for the backward pass, in MB of 10^6 bytes; temporary buffers are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from lora_course.core.layers import trainable_parameters
from lora_course.memory.closed_form import estimate_model_memory
from lora_course.memory.optimizers import state_tensors, storage_bytes
from lora_course.memory.quantised import weight_tensors
from lora_course.models.architectures import TARGETS, Decoder
from lora_course.tasks import Examples


def step_memory(
    model: nn.Module, batch: Examples, loss: Callable[[nn.Module, Examples], Tensor]
) -> dict[str, float]:
    """Measure one training step that changes nothing: its learning rate is 0.

    Keys: weights, trained, activations, total, in MB.
    """
    model.train()
    frozen = weight_tensors(model)
    parameters = trainable_parameters(model)
    known = {tensor.untyped_storage().data_ptr() for tensor in frozen}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    optimizer = torch.optim.AdamW(parameters, lr=0.0, weight_decay=0.0, fused=True)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        value = loss(model, batch)
    activations = sum(kept.values())
    value.backward()
    optimizer.step()
    states = [tensor for tensor in state_tensors(optimizer) if tensor.numel() > 1]
    gradients = [p.grad for p in parameters if p.grad is not None]
    trained = storage_bytes([*parameters, *gradients, *states])
    optimizer.zero_grad()
    weights = storage_bytes(frozen) - storage_bytes(parameters)
    sizes = {"weights": weights, "trained": trained, "activations": activations}
    return {name: size / 1e6 for name, size in (sizes | {"total": sum(sizes.values())}).items()}


def predicted_mb(
    config: Any, rank: int, targets: tuple[str, ...], batch_size: int, length: int
) -> float | None:
    """Total MB of a step by the closed form, in fp32; None where it does not know the model.

    It knows Llama-style decoders without biases, adapted in linear layers that it has names for.
    """
    if config.model_type not in ("llama", "mistral"):
        return None
    names = TARGETS["all linear"] if targets == ("all-linear",) else targets
    if not set(names) <= set(TARGETS["all linear"]):
        return None
    shape = Decoder(
        hidden=config.hidden_size,
        intermediate=config.intermediate_size,
        layers=config.num_hidden_layers,
        heads=config.num_attention_heads,
        kv_heads=config.num_key_value_heads,
        vocab=config.vocab_size,
        head_dim=getattr(config, "head_dim", None)
        or config.hidden_size // config.num_attention_heads,
        tied=config.tie_word_embeddings,
    )
    figures = estimate_model_memory(
        shape, rank, names, "fp32", batch_size=batch_size, seq_length=length
    )
    parts = ("base_weights", "adapter", "gradients", "optimizer", "activations")
    return sum(figures[f"{part}_mb"] for part in parts)
