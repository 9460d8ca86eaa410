"""Updates: their singular values, the nearest of a rank, and what short trainings leave behind."""

import pytest
import torch

from lora_course.chapters.ch01_low_rank_update.experiment import fine_tune, loss_with, truncate
from lora_course.chapters.ch01_low_rank_update.explorer import update_explorer
from lora_course.chapters.ch01_low_rank_update.figure import losses_by_rank
from lora_course.core.spectrum import energy_shares, nearest, singular_values
from lora_course.tasks.style import LINEAR
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
    return fine_tune(SMALL, steps=2)


def test_full_tuning_changes_every_linear_layer_and_nothing_else(full):
    assert len(full.updates) == 28 == 4 * len(LINEAR)
    assert full.trained == sum(update.numel() for update in full.updates.values()) == 851_968
    assert all(update.abs().max() > 0 for update in full.updates.values())
    assert full.loss < loss_with(SMALL, {})


@pytest.mark.parametrize("rank", [1, 3])
def test_an_adapter_leaves_updates_of_its_rank_that_merge(rank):
    run = fine_tune(SMALL, rank=rank, seed=1, steps=2)
    shapes = [update.shape for update in run.updates.values()]
    assert run.trained == sum(rank * (d_out + d_in) for d_out, d_in in shapes)
    for update in run.updates.values():
        values = singular_values(update)
        assert values[rank - 1] > 0 and values[rank] < 1e-5 * values[0]
    assert loss_with(SMALL, run.updates) == pytest.approx(run.loss, abs=1e-5)


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


def test_losses_are_drawn_with_their_means():
    curves = {"cut": {1: [3.0, 3.2], 4: [2.5, 2.5]}, "trained": {1: [2.9, 2.9]}}
    picture = losses_by_rank(curves, {"no training": [4.0], "full": [2.0, 2.2]})
    assert "cut r=1 3.10, r=4 2.50" in picture.alt and "full 2.10" in picture.alt
