"""Starts: what is zero in each, what moves first, what the explorer shows."""

import pytest
import torch
from torch import nn

from lora_course.chapters.ch02_quiet_start.experiment import (
    STARTS,
    adapted,
    best_rate,
    changed_by_training,
    gradient_norms,
    lead,
    set_start,
    start_loss,
    train_from,
)
from lora_course.chapters.ch02_quiet_start.explorer import small_training, start_explorer
from lora_course.chapters.ch02_quiet_start.figure import first_steps, loss_by_rate
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
    assert gradient_norms(SMALL, DEAD, steps=2) == {"A": [0, 0], "B": [0, 0]}
    alt = first_steps({"quiet": quiet}).alt
    assert "quiet, gradient of A: 0, " in alt


def test_what_a_start_costs_before_training():
    base = SMALL.loss(SMALL.model())
    assert start_loss(SMALL, QUIET, 5) == start_loss(SMALL, SWAPPED, 5) == base
    assert start_loss(SMALL, DEAD, 5) == base < start_loss(SMALL, LOUD, 5)


def test_a_training_gives_the_loss_of_each_seed_in_their_order():
    both = train_from(SMALL, QUIET, 0.01, seeds=(5, 6))
    assert both == [train_from(SMALL, QUIET, 0.01, seeds=(seed,))[0] for seed in (5, 6)]
    assert both[0] != both[1] and max(both) < SMALL.loss(SMALL.model())


def test_where_both_are_zero_nothing_is_learnt():
    assert train_from(SMALL, DEAD, 0.03, seeds=(5,)) == [SMALL.loss(SMALL.model())]


BY_RATE = {0.1: [2.0, 4.0], 0.2: [1.0, 2.0], 0.4: [0.5, 9.0]}
OTHER = {0.1: [2.5, 2.5], 0.2: [2.0, 2.5], 0.4: [5.0, 9.5]}


def test_the_best_rate_has_the_lowest_mean_and_lies_inside():
    assert best_rate(BY_RATE) == best_rate(OTHER) == 0.2
    for edge, word in ((0.1, "smallest"), (0.4, "largest")):
        with pytest.raises(ValueError, match=f"{edge:g} is best, the {word} rate tried"):
            best_rate(BY_RATE | {edge: [0.1, 0.1]})


def test_a_lead_is_that_of_the_seed_where_it_is_least():
    assert lead(BY_RATE, OTHER) == 0.5 and lead(OTHER, BY_RATE) == -1
    assert lead(BY_RATE, OTHER, 0.1) == -1.5 and lead(BY_RATE, OTHER, 0.4) == 0.5
    with pytest.raises(ValueError, match="zip"):
        lead(BY_RATE, {0.1: [2.5]}, 0.1)


def test_the_figure_tells_every_mean_its_error_and_the_best_rate():
    alt = loss_by_rate({"quiet": BY_RATE, "other": OTHER}, untrained=3.0).alt
    assert "base, untrained: 3.00. quiet: 3.00 ± 1.00 at 0.1, 1.50 ± 0.50 at 0.2, " in alt
    assert "other: 2.50 ± 0.00 at 0.1, 2.25 ± 0.25 at 0.2, 7.25 ± 2.25 at 0.4; best at 0.2." in alt


def test_training_changes_every_adapter_and_nothing_else():
    model = adapted(SMALL, QUIET, 0)
    changed = changed_by_training(model, SMALL, steps=2)
    adapters = [name for name, _ in model.named_parameters() if "lora_" in name]
    assert changed == adapters and len(adapters) == 2 * len(lora_layers(model))
    model.get_parameter("model.norm.weight").requires_grad = True
    assert "model.norm.weight" in changed_by_training(model, SMALL, steps=2)


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
