import math

import pytest
import torch
from torch import nn

from lora_course.core.layers import adapt
from lora_course.core.training import SCHEDULES, TrainingDivergedError, batch_order, evaluate, fit
from lora_course.tasks import Examples
from lora_course.tasks.matching import MatchingTask

TASK = MatchingTask(dim=8, true_rank=2, train_size=500, test_size=2000)


def trained(**options):
    model = adapt(TASK.model(), 2, seed=1)
    history = fit(model, TASK.train(0), steps=150, progress=False, **options)
    return model, history


def test_training_lowers_the_loss_and_raises_accuracy():
    model, history = trained()
    assert history.losses.shape == (150,)
    assert history.losses[-30:].mean() < 0.7 * history.losses[:30].mean()
    assert evaluate(model, TASK.test()) > evaluate(TASK.model(), TASK.test()) + 0.1
    assert history.seconds > 0


def test_the_same_seed_repeats_a_run_and_another_does_not():
    assert torch.equal(trained(seed=3)[1].losses, trained(seed=3)[1].losses)
    assert not torch.equal(trained(seed=3)[1].losses, trained(seed=4)[1].losses)


def test_only_the_adapter_moves():
    model, _ = trained()
    assert torch.equal(model.layers[0].base.weight, TASK.base[0])


@pytest.mark.parametrize(
    ("name", "start", "middle", "end"),
    [
        ("constant", 1, 1, 1),
        ("linear", 1, 0.5, 0),
        ("cosine", 1, 0.5, 0),
        ("one-cycle", 0, 0.714, 0),
    ],
)
def test_schedules(name, start, middle, end):
    shape = [SCHEDULES[name](done) for done in (0, 0.5, 1)]
    assert shape == pytest.approx([start, middle, end], abs=1e-3)
    rates = trained(schedule=name, learning_rate=0.5)[1].learning_rates
    assert rates[75] == pytest.approx(0.5 * SCHEDULES[name](0.5))


def test_every_pass_sees_every_example_once():
    order = batch_order(10, 4, 5, seed=0).flatten()
    assert sorted(order[:10].tolist()) == list(range(10)) == sorted(order[10:].tolist())
    assert order[:10].tolist() != order[10:].tolist()


def test_history_plots_itself_with_alt_text():
    picture = trained()[1].plot()
    assert picture.png.startswith(b"\x89PNG")
    assert "150 steps" in picture.alt and picture.alt in picture.to_html()


def test_a_diverging_run_says_where_and_what_to_do():
    with pytest.raises(TrainingDivergedError) as caught:
        examples = TASK.train(0)
        examples.inputs[0][:] = float("nan")
        fit(adapt(TASK.model(), 1), examples, steps=5, learning_rate=0.25, progress=False)
    assert all(word in str(caught.value) for word in ("nan", "step 0", "learning_rate=0.25"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"steps": 0}, ["steps=0"]),
        ({"batch_size": -1}, ["batch_size=-1"]),
        ({"learning_rate": -1.0}, ["learning_rate=-1.0", "above 0"]),
        ({"learning_rate": math.inf}, ["learning_rate=inf"]),
        ({"schedule": "warm"}, ["schedule='warm'", "'one-cycle'"]),
    ],
)
def test_bad_arguments(change, words):
    with pytest.raises(ValueError) as caught:
        fit(adapt(TASK.model(), 1), TASK.train(0), **({"steps": 2, "progress": False} | change))
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_one_class_is_refused(label):
    examples = TASK.train(0)
    examples = Examples(examples.inputs, torch.full_like(examples.labels, label))
    for use in (lambda m: fit(m, examples, progress=False), lambda m: evaluate(m, examples)):
        with pytest.raises(ValueError, match=rf"labels: all 500 are of class {label:.0f}"):
            use(adapt(TASK.model(), 1))


def test_other_labels_are_refused():
    examples = TASK.train(0)
    with pytest.raises(ValueError, match="labels are 0 and 1"):
        evaluate(TASK.model(), Examples(examples.inputs, examples.labels + 1))


def test_a_frozen_model_is_refused():
    with pytest.raises(ValueError, match="nothing in it is trainable"):
        fit(TASK.model().requires_grad_(False), TASK.train(0), progress=False)


def test_an_interrupted_fit_keeps_what_was_learnt(monkeypatch):
    model = adapt(TASK.model(), 2)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    calls = []

    def stop(*arguments):
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return nn.functional.binary_cross_entropy_with_logits(
            arguments[0](*arguments[1].inputs), arguments[1].labels
        )

    with pytest.raises(KeyboardInterrupt):
        fit(model, TASK.train(0), loss=stop, progress=False)
    assert not torch.equal(model.state_dict()["layers.0.lora_B"], before["layers.0.lora_B"])
