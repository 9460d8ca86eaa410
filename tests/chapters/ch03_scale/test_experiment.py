"""Alpha, rate and start: equal paths, the first step by rank, accuracy by rate."""

import math

import pytest

from lora_course.chapters.ch03_scale.experiment import (
    RULES,
    best_rate,
    best_rates,
    by_rate,
    first_step,
    growth,
    max_path_difference,
    trace,
    try_settings,
)
from lora_course.chapters.ch03_scale.explorer import path_explorer
from lora_course.chapters.ch03_scale.figure import draw_rates, draw_steps
from lora_course.core.planted import PlantedLayer
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


def first_steps(optimizer, ranks=(4, 64)):
    return {
        (optimizer, label): {rank: first_step(rank, rule, optimizer) for rank in ranks}
        for label, rule in RULES.items()
    }


def test_the_first_step_by_rank():
    adam, sgd = first_steps("Adam"), first_steps("SGD")
    fixed, equal, double, root = map(growth, adam.values())
    assert fixed.size == pytest.approx(1 / 4, rel=0.15) and fixed.fall == pytest.approx(1, rel=0.1)
    assert equal.size == pytest.approx(4, rel=0.15) and equal.fall == pytest.approx(16, rel=0.1)
    assert double.fall == pytest.approx(equal.fall, rel=1e-3)
    assert root.size == pytest.approx(1, rel=0.15) and root.fall == pytest.approx(4, rel=0.1)
    falls = [growth(by_rank).fall for by_rank in sgd.values()]
    assert falls == pytest.approx([1 / 16, 16, 16, 1], rel=0.1)
    alt = draw_steps(adam | sgd).alt
    assert "Adam, fall of the loss, alpha = r: from 1 to 1" in alt
    assert "Adam, fall of the loss, alpha = 2r: from 2 to 3" in alt
    assert "SGD, fall of the loss, alpha = 2r: from 4 to 6" in alt


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
    assert list(table) == [1, 2] and list(table[2]) == [0.001, 0.02]
    assert all(len(accuracies) == 2 for rows in table.values() for accuracies in rows.values())
    assert min(table[2][0.02]) > max(table[2][0.001])


def test_the_figure_says_every_best_rate_and_its_fall():
    rows = {0.01: [0.7, 0.7], 0.02: [0.9, 0.8], 0.04: [0.7, 0.7], 0.08: [0.6, 0.6]}
    half = {rate / 2: accuracies for rate, accuracies in rows.items()}
    alt = draw_rates({"alpha = 16": {8: rows, 64: rows}, "alpha = r": {8: rows, 64: half}}).alt
    assert "alpha = r, r = 8: 0.700 at rate 0.01, best 0.850, 0.600 at 0.08" in alt
    assert "best rate, alpha = 16: 20 at r = 8, 20 at r = 64 thousandths, a fall of 1;" in alt
    assert "alpha = r: 20 at r = 8, 10 at r = 64 thousandths, a fall of 2." in alt


def test_the_best_rate_is_the_top_of_a_parabola():
    assert best_rate({0.1: [0.7], 0.2: [0.9], 0.4: [0.7]}) == pytest.approx(0.2)
    between = best_rate({0.1: [0.7], 0.2: [0.9], 0.4: [0.9], 0.8: [0.7]})
    assert between == pytest.approx(0.2 * 2**0.5)
    # A parabola over log2(rate) with its top at 0.25.
    rows = {rate: [1 - 0.1 * math.log2(rate / 0.25) ** 2] for rate in (0.1, 0.2, 0.4)}
    assert best_rate(rows) == pytest.approx(0.25)
    for edge in ({0.1: [0.9], 0.2: [0.8], 0.4: [0.7]}, {0.1: [0.1], 0.2: [0.8], 0.4: [0.9]}):
        with pytest.raises(ValueError, match="an edge of the rates tried"):
            best_rate(edge)


def test_each_seed_has_a_best_rate_of_its_own():
    rows = {0.1: [0.9, 0.1], 0.2: [1.0, 0.9], 0.4: [0.9, 1.0], 0.8: [0.1, 0.9]}
    assert best_rates(rows) == pytest.approx([0.2, 0.4])
    assert best_rate(rows) == pytest.approx(0.2 * 2**0.5, rel=0.01)


def test_the_explorer_opens_on_a_difference_and_says_when_the_path_is_the_same():
    explorer = path_explorer()
    optimizer, alpha, rate, spread = explorer.children[:4]
    assert optimizer.value == "Adam" and "another path" in explorer.view.value
    # The first step is that of the old path; what is seen afterwards is far from it.
    assert "after 1 step: 0.109 on the old path, 0.109 on yours" in explorer.view.value
    old, new = trace("Adam"), trace("Adam", alpha=4, learning_rate=1 / 4)
    assert new[-1] > 5 * old[-1]
    rate.value = spread.value = "1/2"
    assert "the same path" in explorer.view.value
    optimizer.value = "SGD"
    assert "another path" in explorer.view.value
    rate.value = "1/4"
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
