"""PEFT's adapters and this course's: the same numbers."""

import pytest
import torch
from torch import nn

from lora_course.core.layers import adapt, adapter_state, load_adapter
from lora_course.core.peft_twin import peft_twin, train_with_both


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4)).double()


@pytest.mark.parametrize(("alpha", "rslora"), [(3, False), (16, False), (16, True)])
def test_a_twin_computes_the_same_with_a_trained_adapter(alpha, rslora):
    ours = adapt(network(), 3, alpha, rslora=rslora)
    state = {name: torch.randn_like(tensor) for name, tensor in adapter_state(ours).items()}
    load_adapter(ours, state)
    x = torch.randn(7, 6, dtype=torch.float64)
    theirs = peft_twin(ours, network())
    torch.testing.assert_close(theirs(x), ours(x), rtol=1e-12, atol=1e-12)
    assert (ours(x) - network()(x)).abs().max() > 0.1, "the adapter changed nothing"


def test_on_real_text_both_train_alike():
    course, peft = train_with_both(4, steps=4, batch=2, length=16).values()
    assert course.trainable_params == peft.trainable_params == 40_960
    assert course.losses.dtype == torch.float64
    assert (course.losses - peft.losses).abs().max() < 1e-9
    assert course.losses.unique().numel() == 4 and 2 < course.losses[0] < 6
