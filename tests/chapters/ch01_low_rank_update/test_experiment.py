"""Updates: their singular values, the nearest of a rank, and what short trainings leave behind."""

import pytest
import torch

from lora_course.chapters.ch01_low_rank_update.experiment import (
    BEST_RATE,
    FULL_RATE,
    costs,
    energy_in,
    gap,
    loss_with,
    losses_of_cuts,
    same_adapters,
    truncate,
    tune_in_full,
)
from lora_course.chapters.ch01_low_rank_update.explorer import update_explorer
from lora_course.chapters.ch01_low_rank_update.figure import losses_by_rank
from lora_course.core.layers import adapt
from lora_course.core.spectrum import energy_shares, nearest, singular_values
from lora_course.core.training import fit_text
from lora_course.tasks.style import LINEAR, StyleShift
from tests.tasks.small import SMALL


def matrix(*values):
    """A matrix with these singular values."""
    generator = torch.Generator().manual_seed(0)
    left, right = (
        torch.linalg.qr(torch.randn(size, len(values), generator=generator).double()).Q
        for size in (7, 5)
    )
    return (left * torch.tensor(values, dtype=torch.float64)) @ right.T


def test_singular_values_and_their_energy():
    update = matrix(3.0, 2.0, 1.0)
    values = torch.tensor([3.0, 2.0, 1.0, 0.0, 0.0], dtype=torch.float64)
    torch.testing.assert_close(singular_values(update), values, rtol=1e-12, atol=1e-12)
    shares = torch.tensor([9, 13, 14, 14, 14], dtype=torch.float64) / 14
    torch.testing.assert_close(energy_shares(update), shares, rtol=1e-12, atol=1e-12)


def test_the_nearest_matrix_leaves_the_smaller_singular_values():
    update = matrix(3.0, 2.0, 1.0)
    near = nearest(update, 2)
    assert torch.linalg.matrix_rank(near) == 2
    assert torch.linalg.matrix_norm(update - near).item() == pytest.approx(1.0)
    torch.testing.assert_close(nearest(update, 5), update)
    with pytest.raises(ValueError, match="larger than the update"):
        nearest(update, 6)


@pytest.fixture(scope="module")
def full():
    return tune_in_full(SMALL, seed=0, steps=2)


def test_full_tuning_changes_every_linear_layer_and_nothing_else(full):
    assert len(full.updates) == 28 == 4 * len(LINEAR)
    assert sum(update.numel() for update in full.updates.values()) == 851_968
    assert loss_with(SMALL, full.updates) == pytest.approx(full.loss, abs=1e-5)
    assert all(update.abs().max() > 0 for update in full.updates.values())
    assert full.loss < loss_with(SMALL, {})


def test_cuts_are_listed_by_rank_with_a_loss_a_run(full):
    losses = losses_of_cuts(SMALL, [full, full], ranks=(1, 128))
    assert losses[128] == pytest.approx([full.loss] * 2, abs=1e-4)
    assert losses[1][0] == losses[1][1] == loss_with(SMALL, full.updates, 1)


def test_shares_of_energy_are_over_all_layers(full):
    shares = energy_in([full], directions=128)
    assert shares.mean == pytest.approx(1) and shares.spread == pytest.approx(0)
    few = energy_in([full], directions=1)
    each = [energy_shares(update)[0].item() for update in full.updates.values()]
    assert few.spread == pytest.approx(max(each) - min(each))
    assert min(each) < few.mean < max(each)


def test_costs_count_the_frozen_base():
    found = costs("Llama-3.1-8B", rank=16)
    assert found.full == pytest.approx(8 * found.base) and found.base == pytest.approx(16.06, 0.01)
    assert found.adapter == pytest.approx(16 * 41_943_040 / 1e9)


def test_peft_and_the_course_agree_on_the_same_adapters():
    from peft import LoraConfig, get_peft_model

    ours = adapt(SMALL.model(), rank=4, alpha=8, targets=LINEAR)
    config = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear")
    theirs = get_peft_model(SMALL.model(), config)
    same_adapters(ours, theirs)
    tokens = torch.arange(16)[None]
    assert gap(ours(tokens).logits, SMALL.model()(tokens).logits) > 0.01
    assert gap(ours(tokens).logits, theirs(tokens).logits) < 1e-4


def test_all_directions_together_are_the_whole_update(full):
    whole = truncate(full.updates, 128)
    assert loss_with(SMALL, whole) == pytest.approx(full.loss, abs=1e-4)
    assert loss_with(SMALL, truncate(full.updates, 1)) != pytest.approx(full.loss, abs=1e-4)


def test_the_explorer_shows_every_layer_at_every_rank(full):
    explorer = update_explorer(dict(list(full.updates.items())[:2]))
    layer, rank = explorer.children[:2]
    assert len(layer.options) == 2 and not rank.continuous_update
    seen = set()
    for place in layer.options:
        for number in (1, 128):
            layer.value, rank.value = place, number
            seen.add(explorer.view.value)
            assert f"Rank {number} holds" in explorer.view.value
    assert len(seen) == 4 and "holds 100% of the update" in explorer.view.value


def final_loss(rank, rate, seed):
    task = StyleShift()
    if rank is None:
        return tune_in_full(task, seed, 45, rate).loss
    model = adapt(task.model(), rank, targets=LINEAR, seed=seed)
    fit_text(model, task, seed=seed, steps=45, learning_rate=rate, progress=False)
    return task.loss(model)


@pytest.mark.long
@pytest.mark.parametrize(("rank", "rate"), [(None, FULL_RATE), *BEST_RATE.items()])
def test_every_side_of_the_comparison_has_its_best_rate(rank, rate):
    low, here, high = (
        sum(final_loss(rank, rate * factor, seed) for seed in (0, 1)) for factor in (0.5, 1, 2)
    )
    assert here < low and here < high


def test_losses_are_drawn_with_their_means():
    curves = {"cut": {1: [3.0, 3.2], 4: [2.5, 2.5]}, "trained": {1: [2.9, 2.9]}}
    picture = losses_by_rank(curves, {"no training": [4.0], "full": [2.0, 2.2]})
    assert "cut r=1 3.10, r=4 2.50" in picture.alt and "full 2.10" in picture.alt
