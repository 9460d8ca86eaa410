"""Starts: what is zero in each, what moves first, what the explorer shows."""

import pytest
import torch
from torch import nn

from lora_course.chapters.ch02_quiet_start.experiment import (
    STARTS,
    gradient_norms,
    set_start,
    train_from,
)
from lora_course.chapters.ch02_quiet_start.explorer import small_training, start_explorer
from lora_course.chapters.ch02_quiet_start.figure import first_steps, loss_curves
from lora_course.core.layers import adapt, lora_layers
from tests.tasks.small import SMALL

QUIET, SWAPPED, LOUD, DEAD = STARTS


@pytest.mark.parametrize(
    ("start", "a_zero", "b_zero"),
    [(QUIET, False, True), (SWAPPED, True, False), (LOUD, False, False), (DEAD, True, True)],
)
def test_a_start_is_what_it_is_called(start, a_zero, b_zero):
    model = adapt(nn.Sequential(nn.Linear(6, 5), nn.Linear(5, 4)), 2)
    set_start(model, start, seed=3)
    first, second = lora_layers(model).values()
    for layer in (first, second):
        assert (not layer.lora_A.any()) == a_zero and (not layer.lora_B.any()) == b_zero
        assert layer.lora_A.abs().max() <= 6**-0.5 and layer.lora_B.abs().max() <= 2**-0.5
    if not b_zero:
        assert not torch.equal(first.lora_B[:4], second.lora_B), "each layer draws its own"
    again = adapt(nn.Sequential(nn.Linear(6, 5), nn.Linear(5, 4)), 2)
    set_start(again, start, seed=3)
    assert torch.equal(lora_layers(again)["0"].lora_A, first.lora_A)


def test_a_start_that_there_is_not_is_named():
    with pytest.raises(ValueError, match="A random, B zero"):
        set_start(nn.Linear(2, 2), "random")


def test_first_gradients_on_the_real_model():
    quiet = gradient_norms(SMALL, QUIET, steps=2)
    assert quiet["A"][0] == 0 < quiet["A"][1] and quiet["B"][0] > 0
    swapped = gradient_norms(SMALL, SWAPPED, steps=2)
    assert swapped["B"][0] == 0 < swapped["B"][1] and swapped["A"][0] > 0
    assert not any(values.any() for values in gradient_norms(SMALL, DEAD, steps=2).values())
    alt = first_steps({"quiet": quiet}).alt
    assert "quiet, gradient of A: 0, " in alt


def test_a_training_from_each_kind_of_start():
    (quiet,) = train_from(SMALL, QUIET, 0.004, seeds=(5,))
    (loud,) = train_from(SMALL, LOUD, 0.004, seeds=(5,))
    (dead,) = train_from(SMALL, DEAD, 0.004, seeds=(5,))
    assert quiet.before == dead.before == dead.after < loud.before
    assert quiet.after < quiet.before and len(quiet.losses) == 30
    # The texts are those of this Python's own library, so the losses are its own too.
    first, last = quiet.losses[:5].mean(), quiet.losses[-5:].mean()
    alt = loss_curves({"quiet": [quiet.losses, quiet.losses]}).alt
    assert f"quiet: from {first:.3g} to {last:.3g}." in alt


def test_small_trainings_tell_what_moves():
    losses, first = small_training(0.1, 0.0)
    assert losses[-1] < 0.01 * losses[0] and list(first.values())[:2] == [0, 0]
    still, nothing = small_training(0.0, 0.0)
    assert torch.equal(still, still[:1].expand_as(still)) and not any(nothing.values())
    loud, said = small_training(1.0, 1.0)
    assert loud[0] > 100 * losses[0] and next(iter(said.values())) > 1


def test_the_explorer_follows_both_spreads():
    explorer = start_explorer()
    a, b = explorer.children[:2]
    seen = {explorer.view.value}
    for control, value in ((a, 0.0), (b, 0.1), (a, 1.0)):
        control.value = value
        seen.add(explorer.view.value)
    assert len(seen) == 4


def test_no_two_matrices_of_a_random_start_are_drawn_from_one_stream():
    drawn = []
    for seed in (0, 1):
        model = adapt(nn.Sequential(*(nn.Linear(16, 16, bias=False) for _ in range(3))), 4)
        set_start(model, LOUD, seed)
        for layer in lora_layers(model).values():
            drawn += [layer.lora_A.flatten(), layer.lora_B.contiguous().flatten()]
    correlations = torch.corrcoef(torch.stack(drawn).detach()).fill_diagonal_(0)
    assert correlations.abs().max() < 0.6
