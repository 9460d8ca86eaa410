"""The style shift for notebooks: its windows, its order, its held-out code."""

from lora_course.tasks.language import held_out_loss
from lora_course.tasks.style import StyleShift, excerpts

SMALL = StyleShift(length=16, batch_size=3, train_bytes=60_000, test_bytes=15_000)


def test_a_run_sees_its_own_order_again_and_again():
    first, again, other = (SMALL.batches(seed, steps=4) for seed in (1, 1, 2))
    (ids,) = first(2).inputs
    assert ids.shape == (3, 16) and ids.equal(first(2).labels)
    assert ids.equal(again(2).inputs[0]) and not ids.equal(other(2).inputs[0])
    assert not ids.equal(first(3).inputs[0])


def test_models_are_fresh_and_the_loss_is_that_of_held_out_code():
    model = SMALL.model()
    assert model is not SMALL.model()
    loss = SMALL.loss(model)
    assert 2 < loss < 6 and loss == SMALL.loss(SMALL.model())
    assert loss == held_out_loss(model, SMALL._test.flatten(), 16)
    model.get_parameter("model.layers.0.mlp.down_proj.weight").data.zero_()
    assert SMALL.loss(model) != loss


def test_excerpts_hold_a_little_of_every_module_and_no_test_file_in_training():
    train, test = excerpts("train", 60_000), excerpts("test", 15_000)
    assert len(train) > 100 and max(map(len, train)) <= 60_000 // len(train)
    assert not {text for text in train if len(text) > 50} & {t for t in test if len(t) > 50}
