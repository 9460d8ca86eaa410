import pytest
import torch
from torch import nn

from lora_course.core.layers import (
    LoRALinear,
    adapt,
    adapter_state,
    count_trainable,
    init_adapter,
    load_adapter,
    merge,
    trainable_parameters,
)


@pytest.fixture
def layer():
    torch.manual_seed(0)
    layer = LoRALinear(nn.Linear(6, 5).double(), 3, alpha=7.0, seed=1)
    with torch.no_grad():
        layer.lora_B.normal_()
    return layer


def small_model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Sequential(nn.Linear(8, 4)))


def test_a_fresh_adapter_changes_nothing():
    base = nn.Linear(6, 5)
    x = torch.randn(2, 3, 6)
    assert torch.equal(LoRALinear(base, 4)(x), base(x))


def test_output_is_that_of_the_changed_weight(layer):
    x = torch.randn(2, 3, 6, dtype=torch.float64)
    weight = layer.base.weight + 7.0 / 3 * layer.lora_B @ layer.lora_A
    torch.testing.assert_close(layer(x), x @ weight.T + layer.base.bias)
    torch.testing.assert_close(layer.merged()(x), layer(x))


def test_doubling_alpha_doubles_the_change(layer):
    x = torch.randn(4, 6, dtype=torch.float64)
    change = layer(x) - layer.base(x)
    layer.alpha *= 2
    torch.testing.assert_close(layer(x) - layer.base(x), 2 * change)


def test_rslora_scales_with_the_root_of_the_rank():
    assert LoRALinear(nn.Linear(16, 16), 4, 8, rslora=True).scaling == 4.0
    assert LoRALinear(nn.Linear(16, 16), 4, 8).scaling == 2.0
    assert LoRALinear(nn.Linear(16, 16), 4).scaling == 1.0


def test_only_the_adapter_gets_gradients(layer):
    layer(torch.randn(4, 6, dtype=torch.float64)).sum().backward()
    assert layer.base.weight.grad is None and layer.base.bias.grad is None
    assert layer.lora_A.grad.abs().sum() > 0 and layer.lora_B.grad.abs().sum() > 0


def test_update_has_at_most_the_rank(layer):
    assert torch.linalg.matrix_rank(layer.delta()) == 3


def test_starts_are_nested_and_bounded():
    base = nn.Linear(64, 64)
    low, high = (init_adapter(base, rank, seed=5)[0] for rank in (4, 32))
    assert torch.equal(low, high[:4])
    assert high.abs().max() <= 1 / 8 and high.std() == pytest.approx(1 / 8 / 3**0.5, rel=0.1)


def test_adapt_and_merge_keep_the_model_the_same_function():
    x = torch.randn(3, 6)
    model = adapt(small_model(), 2, seed=3)
    torch.testing.assert_close(model(x), small_model()(x))
    assert count_trainable(model) == 2 * (6 + 8) + 2 * (8 + 4)
    with torch.no_grad():
        for parameter in trainable_parameters(model):
            parameter.normal_()
    before = model(x)
    assert not torch.allclose(before, small_model()(x))
    merged = merge(model)
    assert not any(isinstance(module, LoRALinear) for module in merged.modules())
    torch.testing.assert_close(merged(x), before)


def test_targets_match_whole_names_and_last_parts():
    assert list(adapter_state(adapt(small_model(), 2, targets=["0"]))) == [
        "0.lora_A",
        "0.lora_B",
        "2.0.lora_A",
        "2.0.lora_B",
    ]
    assert list(adapter_state(adapt(small_model(), 2, targets=["2.0"]))) == [
        "2.0.lora_A",
        "2.0.lora_B",
    ]


def test_state_moves_an_adapter_between_models():
    trained = adapt(small_model(), 2, seed=1)
    with torch.no_grad():
        for parameter in trainable_parameters(trained):
            parameter.normal_()
    other = adapt(small_model(), 2, seed=2)
    load_adapter(other, adapter_state(trained))
    x = torch.randn(3, 6)
    assert torch.equal(other(x), trained(x))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: adapt(small_model(), 0), ["rank=0"]),
        (lambda: adapt(small_model(), 5), ["rank=5", "4×8", "1 to 4"]),
        (lambda: adapt(small_model(), 1.5), ["rank=1.5"]),
        (lambda: adapt(small_model(), 2, alpha=0), ["alpha=0", "above 0"]),
        (lambda: adapt(small_model(), 2, alpha=float("nan")), ["alpha=nan"]),
        (lambda: adapt(small_model(), 2, targets=["q_proj"]), ["'q_proj'", "['0']"]),
        (lambda: adapt(small_model(), 2, targets="0"), ["targets='0'", "['0']"]),
        (lambda: adapt(small_model(), 2, targets=[]), ["targets=[]"]),
        (lambda: adapt(nn.ReLU(), 2), ["ReLU", "no torch.nn.Linear"]),
        (lambda: adapt(adapt(small_model(), 2), 2), ["has adapters already"]),
        (lambda: merge(small_model()), ["no adapters"]),
        (lambda: LoRALinear(nn.Conv1d(2, 2, 1), 1), ["Conv1d", "torch.nn.Linear"]),
        (lambda: load_adapter(adapt(small_model(), 2), {}), ["in only one"]),
        (
            lambda: load_adapter(adapt(small_model(), 2), adapter_state(adapt(small_model(), 3))),
            ["(3, 6)", "(2, 6)"],
        ),
    ],
)
def test_bad_arguments_are_named(make, words):
    with pytest.raises(ValueError) as caught:
        make()
    assert all(word in str(caught.value) for word in words)


def test_a_refused_adapt_leaves_the_model_trainable():
    model = small_model()
    with pytest.raises(ValueError):
        adapt(model, 5)
    assert count_trainable(model) == sum(p.numel() for p in model.parameters())
