"""Alpha, rate and start: equal paths, the first step by rank, accuracy by rate."""

import pytest

from lora_course.chapters.ch03_scale.experiment import (
    RULES,
    best_rate,
    by_rate,
    first_steps,
    growth,
    max_path_difference,
    trace,
    try_settings,
)
from lora_course.chapters.ch03_scale.explorer import path_explorer
from lora_course.chapters.ch03_scale.figure import draw_rates, draw_steps
from lora_course.core.planted import PlantedLayer
from lora_course.core.results import RankSummary
from lora_course.tasks.matching import MatchingTask


@pytest.mark.parametrize("c", [1 / 16, 1 / 4, 4, 16])
def test_the_laws_of_one_path(c):
    assert max_path_difference("SGD", alpha=c, learning_rate=1 / c, spread=c**-0.5) == 0
    assert max_path_difference("Adam", alpha=c, learning_rate=c**-0.5, spread=c**-0.5) < 1e-5
    assert max_path_difference("Adam", alpha=c, learning_rate=1 / c, spread=c**-0.5) > 1e-3
    assert max_path_difference("SGD", alpha=c, learning_rate=c**-0.5, spread=c**-0.5) > 1e-3
    assert max_path_difference("SGD", alpha=c, learning_rate=1 / c) > 1e-3


def test_a_path_learns_and_is_always_the_same():
    for optimizer in ("SGD", "Adam"):
        losses = trace(optimizer)
        assert losses[-1] < 0.5 * losses[0] and losses.equal(trace(optimizer))
    with pytest.raises(ValueError, match="'SGD', 'Adam'"):
        trace("RMSprop")
    with pytest.raises(ValueError, match="alpha=0"):
        trace("SGD", alpha=0)


def test_the_first_step_by_rank():
    steps = first_steps(RULES, (4, 64))
    fixed, equal, root = map(growth, steps.values())
    assert fixed.size == pytest.approx(1 / 4, rel=0.15) and fixed.fall == pytest.approx(1, rel=0.1)
    assert equal.size == pytest.approx(4, rel=0.15) and equal.fall == pytest.approx(16, rel=0.1)
    assert root.size == pytest.approx(1, rel=0.15) and root.fall == pytest.approx(4, rel=0.1)
    sgd = [growth(by_rank).fall for by_rank in first_steps(RULES, (4, 64), "SGD").values()]
    assert sgd == pytest.approx([1 / 16, 16, 1], rel=0.1)
    assert "fall of the loss, alpha = r: ends at 16 times" in draw_steps(steps).alt


@pytest.mark.parametrize(("rank", "left"), [(1, "much"), (2, "nothing"), (4, "nothing")])
def test_a_planted_layer_is_learnt_by_an_adapter_of_its_rank(rank, left):
    task = PlantedLayer(16, true_rank=2)
    layer = task.adapted(rank)
    layer.lora_A.data.copy_(0.1 * task.normal(rank, 16))
    losses, gradients = task.train(layer, "Adam", 0.02, steps=300)
    share = (losses[-1] / losses[0]).item()
    assert share < 1e-4 if left == "nothing" else share > 0.1
    assert [gradient.shape for gradient in gradients] == [(rank, 16), (16, rank)]
    assert PlantedLayer(16, 2).targets.equal(task.targets)
    assert not PlantedLayer(16, 2, seed=1).targets.equal(task.targets)


def test_accuracy_by_rate():
    task = MatchingTask(dim=16, true_rank=2, train_size=2000, test_size=500)
    table = by_rate(task, (1, 2), (0.001, 0.02), "rank", seeds=(0, 1))
    assert list(table) == [1, 2] and list(table[1]) == [0.001, 0.02]
    assert best_rate(table[2]) == 0.02
    assert table[2][0.02].accuracy > table[2][0.001].accuracy
    assert "alpha = r, r = 2: best" in draw_rates({"alpha = r": table}).alt


def test_the_best_rate_is_that_of_the_highest_accuracy():
    rows = {
        rate: RankSummary(4, 4, 8, accuracy, 0.01, 1.0, 3)
        for rate, accuracy in ((0.1, 0.7), (0.2, 0.9), (0.4, 0.8))
    }
    assert best_rate(rows) == 0.2


def test_the_explorer_says_when_the_path_is_the_same():
    explorer = path_explorer()
    optimizer, alpha, rate, spread = explorer.children[:4]
    assert "another path" in explorer.view.value
    spread.value = "1/2"
    assert "the same path" in explorer.view.value
    optimizer.value = "Adam"
    assert "another path" in explorer.view.value
    rate.value = "1/2"
    assert "the same path" in explorer.view.value
    optimizer.value, alpha.value, rate.value, spread.value = "SGD", "4", "16", "4"
    assert "it diverges" in explorer.view.value


def test_a_learners_settings_are_tried_right_wrong_or_missing():
    def settings(sgd, adam):
        return lambda optimizer, *rest: {
            "learning_rate": sgd if optimizer == "SGD" else adam,
            "spread": 1 / 2,
        }

    assert try_settings(settings(1 / 4, 1 / 2)).count("the same path") == 2
    told = try_settings(settings(1 / 2, 1 / 2)).splitlines()
    assert "another path, off by up to" in told[0] and "the same path" in told[1]
    for missing in (..., None, (1, 2), {"spread": 1}):
        assert "answer question (a)" in try_settings(lambda *_, given=missing: given)
