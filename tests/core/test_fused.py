"""The fused layer against the plain one: the same numbers, in fp64 and in fp32."""

import copy

import pytest
import torch
from torch import nn

from lora_course.core.fused import FusedLoRALinear, fuse
from lora_course.core.layers import (
    LoRALinear,
    adapt,
    adapter_state,
    load_adapter,
    lora_layers,
    merge,
    trainable_parameters,
)

DTYPES = pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
SHAPES = pytest.mark.parametrize("shape", [(6,), (3, 6), (2, 3, 6), (2, 1, 3, 6)])
BIAS = pytest.mark.parametrize("bias", [True, False])


def close(one, other, dtype):
    """Equal but for rounding, measured against the largest entry of each tensor."""
    assert list(one) == list(other)
    for name, tensor in one.items():
        off = (tensor - other[name]).abs().max() / other[name].abs().max()
        assert off < (1e-5 if dtype is torch.float32 else 1e-13), name


def trained(dtype, bias=True, rslora=False):
    """A small model whose adapters are no longer zero."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8, bias=bias), nn.ReLU(), nn.Linear(8, 4, bias=bias))
    adapt(model.to(dtype), 3, alpha=7, rslora=rslora)
    with torch.no_grad():
        for parameter in trainable_parameters(model):
            parameter.normal_()
    return model


def gradients(model):
    return {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


@DTYPES
@SHAPES
@BIAS
@pytest.mark.parametrize("rslora", [False, True])
def test_outputs_and_gradients_are_those_of_the_plain_layer(dtype, shape, bias, rslora):
    plain = trained(dtype, bias, rslora)
    fused = fuse(copy.deepcopy(plain))
    assert all(type(layer) is FusedLoRALinear for layer in lora_layers(fused).values())
    inputs = [torch.randn(shape, dtype=dtype).requires_grad_()]
    inputs.append(inputs[0].detach().clone().requires_grad_())
    outputs = [model(x) for model, x in zip((plain, fused), inputs, strict=True)]
    assert outputs[1].shape == (*shape[:-1], 4)
    close({"y": outputs[1]}, {"y": outputs[0]}, dtype)
    for output in outputs:
        (output**2).sum().backward()
    assert gradients(plain).keys() == adapter_state(plain).keys()
    close(gradients(fused), gradients(plain), dtype)
    close({"x": inputs[1].grad}, {"x": inputs[0].grad}, dtype)


@DTYPES
def test_a_fused_model_merges_and_is_read_like_a_plain_one(dtype):
    plain = trained(dtype)
    fused = fuse(copy.deepcopy(plain))
    states = [adapter_state(model) for model in (plain, fused)]
    assert list(states[0]) == list(states[1])
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert all(tensor.is_contiguous() for tensor in states[1].values())
    assert [n for n, _ in fused.named_parameters()] == [n for n, _ in plain.named_parameters()]
    x = torch.randn(3, 6, dtype=dtype)
    merged = merge(fused)
    assert not lora_layers(merged)
    torch.testing.assert_close(merged(x), plain(x))


def test_an_adapter_moves_between_the_two():
    plain, x = trained(torch.float64), torch.randn(3, 6, dtype=torch.float64)
    other = fuse(trained(torch.float64))
    load_adapter(other, {name: 2 * tensor for name, tensor in adapter_state(plain).items()})
    load_adapter(plain, adapter_state(other))
    torch.testing.assert_close(other(x), plain(x))


def test_both_train_alike():
    x, y = torch.randn(5, 6, dtype=torch.float64), torch.randn(5, 4, dtype=torch.float64)
    losses = []
    for model in (trained(torch.float64), fuse(trained(torch.float64))):
        optimizer = torch.optim.AdamW(trainable_parameters(model), lr=0.01)
        for _ in range(5):
            loss = nn.functional.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[1] == pytest.approx(losses[0], rel=1e-12)


def test_what_was_frozen_stays_frozen():
    layer = LoRALinear(nn.Linear(6, 5), 2)
    layer.lora_B.requires_grad_(False)
    assert [n for n, p in FusedLoRALinear(layer).named_parameters() if p.requires_grad] == [
        "lora_A"
    ]


def test_without_adapters_there_is_nothing_to_fuse():
    with pytest.raises(ValueError, match="no adapters"):
        fuse(nn.Sequential(nn.Linear(6, 5)))
