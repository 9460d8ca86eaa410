import math

import pytest
import torch

from lora_course.core.training import evaluate
from lora_course.tasks.matching import MatchingTask


@pytest.mark.parametrize("spectrum", ["flat", "power"])
def test_the_planted_change_is_what_was_asked_for(spectrum):
    task = MatchingTask(
        dim=16, true_rank=4, spectrum=spectrum, strength=1.5, num_layers=2, dtype=torch.float64
    )
    for base, update in zip(task.base, task.update, strict=True):
        values = torch.linalg.svdvals(update)
        shape = [1.0] * 4 if spectrum == "flat" else [1, 1 / 2, 1 / 3, 1 / 4]
        torch.testing.assert_close(values[:4] / values[0], torch.tensor(shape).double())
        assert values[4:].max() < 1e-12
        assert update.norm() / base.norm() == pytest.approx(1.5)


@pytest.mark.parametrize("noise", [0.0, 0.15])
@pytest.mark.parametrize("num_layers", [1, 2])
def test_the_ceiling_is_the_accuracy_of_the_truncated_truth(noise, num_layers):
    """Against 200,000 labelled pairs: independent of the formula."""
    task = MatchingTask(
        dim=12, true_rank=4, noise=noise, num_layers=num_layers, test_size=200_000, seed=3
    )
    test = task.test()
    left, values, right = torch.linalg.svd(task.update)
    for rank in (1, 2, 4, 8):
        model = task.model()
        best = (left[..., :rank] * values[:, None, :rank]) @ right[..., :rank, :]
        for layer, change in zip(model.layers, best, strict=True):
            layer.weight.data += change
        assert evaluate(model, test) == pytest.approx(task.ceiling(rank), abs=0.005)


def test_the_simple_arccos_formula_is_not_the_ceiling():
    """1 − arccos(ρ)/π, ρ the cosine between the forms, would hold for Gaussian matrices of inputs;

    pairs are products x1 x2ᵀ, and at small dimensions the difference can be measured.
    """
    task = MatchingTask(dim=32, true_rank=4, strength=1.0)
    left, values, right = torch.linalg.svd(task.update)
    best = (left[..., :2] * values[:, None, :2]) @ right[..., :2, :]
    truth, reached = (task.base + task.update).flatten(), (task.base + best).flatten()
    cosine = torch.cosine_similarity(truth, reached, dim=0).item()
    assert task.ceiling(2) - (1 - math.acos(cosine) / math.pi) > 0.005


@pytest.mark.parametrize("rank", [1, 2, 4])
def test_no_nearby_update_of_the_rank_beats_the_ceiling(rank):
    """Gradient ascent on the agreement, from Eckart–Young's update, finds nothing better."""
    task = MatchingTask(dim=16, true_rank=8)
    left, values, right = torch.linalg.svd(task.update[0])
    b = (left[:, :rank] * values[:rank]).clone().requires_grad_()
    a = right[:rank].clone().requires_grad_()
    optimizer = torch.optim.Adam([a, b], lr=2e-3)
    generator = torch.Generator().manual_seed(0)
    truth = (task.base + task.update)[0]

    def agreement(x):
        reached = x @ (task.base[0] + b @ a).T
        cosine = torch.cosine_similarity(x @ truth.T, reached)
        return (1 - torch.arccos(cosine.clamp(-1 + 1e-6, 1 - 1e-6)) / math.pi).mean()

    for _ in range(300):
        optimizer.zero_grad()
        (-agreement(torch.randn(512, 16, generator=generator))).backward()
        optimizer.step()
    found = agreement(torch.randn(50_000, 16, generator=generator)).item()
    assert found <= task.ceiling(rank) + 0.004


def test_ceilings_rise_to_one_at_the_true_rank():
    ceilings = MatchingTask(dim=16, true_rank=4).ceilings([1, 2, 3, 4, 9])
    assert ceilings == sorted(ceilings) and ceilings[2] < 0.95
    assert ceilings[3] == ceilings[4] == 1.0
    assert MatchingTask(dim=16, true_rank=4, noise=0.2).ceiling(4) == pytest.approx(0.8)


def test_examples_repeat_and_never_overlap():
    task = MatchingTask(dim=8, true_rank=2, train_size=50, test_size=50)
    again = MatchingTask(dim=8, true_rank=2, train_size=50, test_size=50)
    assert torch.equal(task.train(1).inputs[0], again.train(1).inputs[0])
    draws = [task.train(1), task.train(2), task.test()]
    firsts = [tuple(draw.inputs[0][0, 0].tolist()) for draw in draws]
    assert len({*firsts, tuple(task.train(1).inputs[1][0, 0].tolist())}) == 4


def test_noise_flips_that_share_of_labels():
    clean = MatchingTask(dim=8, true_rank=2, train_size=20_000)
    noisy = MatchingTask(dim=8, true_rank=2, train_size=20_000, noise=0.1)
    flipped = (clean.train(0).labels != noisy.train(0).labels).double().mean()
    assert flipped == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"true_rank": 0}, ["rank=0"]),
        ({"true_rank": 9}, ["rank=9", "1 to 8"]),
        ({"spectrum": "steep"}, ["spectrum='steep'", "'power'"]),
        ({"strength": 0}, ["strength=0"]),
        ({"num_layers": 0}, ["num_layers=0"]),
        ({"train_size": 1}, ["train_size=1", "at least 2"]),
        ({"noise": 0.5}, ["noise=0.5", "below 0.5"]),
        ({"dim": 1.5}, ["dim=1.5"]),
    ],
)
def test_bad_arguments(change, words):
    with pytest.raises(ValueError) as caught:
        MatchingTask(**({"dim": 8, "true_rank": 2} | change))
    assert all(word in str(caught.value) for word in words)
