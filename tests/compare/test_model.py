"""Models: which are refused and why, and what a rank makes trainable."""

import pytest
import torch

from lora_course.compare.memory import predicted_mb, step_memory
from lora_course.compare.model import (
    ModelError,
    check_source,
    load_base,
    load_tokenizer,
    make_ready,
)
from lora_course.compare.prepared import loss_of, macro_f1
from lora_course.compare.records import FULL, HEAD
from lora_course.compare.run import read
from lora_course.core.layers import count_trainable


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "no config.json"),
        (["config.json"], "no weights"),
        (["config.json", "pytorch_model.bin"], "a pickle"),
    ],
)
def test_folders_that_cannot_be_read_safely_are_refused(tmp_path, files, words):
    for name in files:
        (tmp_path / name).write_text("{}")
    with pytest.raises(ModelError, match=words):
        check_source(str(tmp_path))


def test_a_missing_folder_and_an_unreachable_id_are_told_apart(monkeypatch):
    with pytest.raises(ModelError, match="no such folder"):
        check_source("./nowhere")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="Without a network"):
        load_tokenizer("nobody/no-such-model")


def base(settings):
    data, prepared, _ = read(settings)
    torch.manual_seed(0)
    return load_base(settings, data, prepared.pad), data, prepared


def test_what_each_end_and_a_rank_train(settings):
    model, data, _ = base(settings)
    head = model.score.weight.numel()
    everything = sum(p.numel() for p in model.parameters())
    linear = sum(sum(m.weight.shape) for n, m in model.named_modules() if n.endswith("_proj"))
    assert count_trainable(make_ready(model, settings, HEAD, data)) == head
    assert count_trainable(make_ready(model, settings, FULL, data)) == everything
    assert count_trainable(make_ready(model, settings, 4, data)) == 4 * linear + head


def test_a_four_bit_base_trains_and_is_smaller(settings):
    from dataclasses import replace

    small = replace(settings, quantize="nf4")
    sizes = {}
    for chosen in (settings, small):
        model, data, prepared = base(chosen)
        ready = make_ready(model, chosen, 2, data)
        sizes[chosen.quantize] = step_memory(ready, prepared.train, loss_of(prepared))
    assert sizes["nf4"]["weights"] < 0.8 * sizes["none"]["weights"]
    assert sizes["nf4"]["trained"] == pytest.approx(sizes["none"]["trained"])


def test_measuring_memory_changes_no_weight(settings):
    model, data, prepared = base(settings)
    ready = make_ready(model, settings, FULL, data)
    before = {name: p.detach().clone() for name, p in ready.named_parameters()}
    step_memory(ready, prepared.train, loss_of(prepared))
    assert all(torch.equal(before[name], p) for name, p in ready.named_parameters())


def test_predicted_memory_is_the_measured_one_for_plain_text(settings, table):
    from dataclasses import replace

    from lora_course.compare.data import DataSource

    source = DataSource(train=str(table), label_column="none")
    plain = replace(settings, source=source, metric=None, length=16)
    model, data, prepared = base(plain)
    ready = make_ready(model, plain, 4, data)
    batch = prepared.train.take(torch.arange(8))
    measured = step_memory(ready, batch, loss_of(prepared))["total"]
    predicted = predicted_mb(model.config, 4, plain.targets, 8, 16)
    assert predicted == pytest.approx(measured, rel=0.05)


def test_macro_f1_against_counts_by_hand():
    guess, labels = torch.tensor([0, 0, 1, 1, 2]), torch.tensor([0, 1, 1, 1, 0])
    assert macro_f1(guess, labels) == pytest.approx((2 / 4 + 4 / 5 + 0) / 3)
