"""Counts, files, optimizer state and weights: equal to those of real models, always."""

from dataclasses import fields, replace

import pytest
import torch
from peft import LoraConfig, TaskType

from lora_course.memory import (
    StepSetting,
    count_parameters,
    estimate,
    lora_config,
)
from lora_course.memory.meta import adapted_model, base_model
from lora_course.memory.setting import OPTIMIZERS, PRECISIONS
from lora_course.memory.validation import measure, real
from lora_course.memory.validation.adapters import adapters
from lora_course.memory.validation.by_field import BY_FIELD, NOT_COUNTED
from lora_course.memory.validation.families import EVERY, FAMILIES
from lora_course.memory.validation.published import published, published_peaks

QUICK = ("Llama, tied", "GPT-2", "T5")


def families(of=FAMILIES, quick=QUICK):
    return [pytest.param(name, marks=[] if name in quick else [pytest.mark.long]) for name in of]


def cases(family):
    return [*adapters(EVERY[family]), *BY_FIELD.get(family, ())]


def test_there_are_many_cases():
    assert len(EVERY) >= 40 and set(FAMILIES) < set(EVERY) and set(BY_FIELD) < set(EVERY)
    assert sum(len(cases(family)) for family in EVERY) >= 700
    for family in EVERY:  # a document tells them apart by name
        names = [name for name, _ in cases(family)]
        assert len(names) == len(set(names))


def test_every_field_of_peft_is_tried_or_changes_no_count():
    known = {field.name for field in fields(LoraConfig)}
    used = {name for family in EVERY for _, arguments in cases(family) for name in arguments}
    assert used | set(NOT_COUNTED) == known, "a newer PEFT: give the new field a case, in by_field"
    assert not used & set(NOT_COUNTED)


def test_every_task_of_peft_is_tried():
    used = {arguments.get("task_type") for family in EVERY for _, arguments in cases(family)}
    assert used == {None, *(task.value for task in TaskType)}


@pytest.mark.parametrize("family", families(EVERY))
def test_counts_and_files_equal_those_of_a_real_model(family):
    pairs = list(measure.counts([family]))
    assert len(pairs) == len(cases(family))
    assert [pair for pair in pairs if pair.estimate != pair.truth] == []
    assert sum(bool(pair.truth) for pair in pairs) > len(pairs) / 2


@pytest.mark.parametrize("family", families())
def test_optimizer_state_equals_that_of_a_real_step(family):
    pairs = list(measure.optimizers([family]))
    assert [pair.case for pair in pairs] == list(OPTIMIZERS)
    assert [pair for pair in pairs if pair.estimate != pair.truth] == []
    sizes = {pair.case: pair.truth[0] for pair in pairs}
    assert sizes["adamw"] > sizes["sgd-momentum"] > sizes["adamw-8bit"] > sizes["sgd"] == 0


@pytest.mark.parametrize("family", families(EVERY))
def test_weights_equal_those_that_are_loaded(family):
    pairs = list(measure.weights([family]))
    assert [pair.case for pair in pairs] == list(PRECISIONS)
    assert [pair for pair in pairs if pair.estimate != pair.truth] == []


def test_small_matrices_keep_fp32_moments_in_8_bit_adamw():
    config = FAMILIES["Llama"].config
    small, large = (
        adapted_model(base_model(config), lora_config(rank, ["q_proj"])) for rank in (8, 40)
    )
    count = sum(p.numel() for p in small.parameters() if p.requires_grad)
    assert measure.state_bytes("adamw-8bit", small) == 8 * count
    count = sum(p.numel() for p in large.parameters() if p.requires_grad)
    assert measure.state_bytes("adamw-8bit", large) < 3 * count


@pytest.mark.parametrize("adapter_precision", ["fp32", "bf16"])
def test_a_file_has_the_types_that_train(adapter_precision):
    # On a 16-bit base PEFT makes the adapter fp32, but not a head that is saved whole.
    setting = StepSetting(precision="bf16", adapter_precision=adapter_precision)
    config = FAMILIES["Llama"].config
    lora = LoraConfig(r=4, target_modules=["q_proj"], modules_to_save=["lm_head"])
    truth = real.file_bytes(real.build(config, lora, setting))
    assert count_parameters(config, lora, setting).file_bytes == truth


def test_counts_by_module_add_up_and_name_the_models_own_modules():
    lora = lora_config(8, "attention", rank_pattern={"q_proj": 2})
    count = count_parameters("SmolLM2-135M", lora)
    assert sum(count.by_module.values()) == count.trainable
    by_module = count.by_module
    assert by_module["model.layers.0.self_attn.q_proj"] == 2 * (576 + 576)
    assert by_module["model.layers.29.self_attn.k_proj"] == 8 * (576 + 192)
    assert len(by_module) == 4 * 30


@pytest.mark.parametrize(("targets", "count"), [("all-linear", 41_943_040), ("default", 3_407_872)])
def test_a_model_of_billions_takes_no_memory(targets, count):
    rank = 16 if targets == "all-linear" else 8
    assert count_parameters("Llama-3.1-8B", lora_config(rank, targets)).trainable == count


def test_published_figures():
    rows = published()
    assert [row.difference for row in rows[:2]] == [0, 0]
    assert abs(rows[2].difference) < 0.005


@pytest.mark.long
def test_published_peaks():
    rows = list(published_peaks())
    whole, added = rows[::2], rows[1::2]
    assert len(rows) == 4 and all(-0.03 < row.difference < 0 for row in whole)
    assert all(abs(row.difference) < 0.02 for row in added)


def test_what_trains_is_what_a_rank_pattern_and_tokens_say():
    plain = count_parameters("SmolLM2-135M", lora_config(8, ["q_proj"])).trainable
    tokens = lora_config(8, ["q_proj"], trainable_tokens=[1, 2, 3])
    assert count_parameters("SmolLM2-135M", tokens).trainable == plain + 3 * 576
    dora = lora_config(8, ["q_proj"], dora=True)
    assert count_parameters("SmolLM2-135M", dora).trainable == plain + 30 * 576


def test_experts_in_one_tensor_are_not_quantised_and_one_is_told():
    config = FAMILIES["Mixtral"].config
    setting = replace(measure.STEP, precision="nf4", seq_length=16, batch_size=1)
    told = estimate(config, lora_config(4, ["q_proj"]), setting)
    assert any("in layers that bitsandbytes quantises" in note for note in told.notes)
    usual = estimate(FAMILIES["Phi-3"].config, lora_config(4, ["o_proj"]), setting)
    assert usual.notes == ()


def test_a_rank_above_the_matrix_is_told():
    setting = StepSetting(seq_length=16)
    told = estimate(FAMILIES["Llama"].config, lora_config(100, ["k_proj"]), setting)
    assert any("above that of 3 matrices of 64×128" in note for note in told.notes)
    assert any("rank 64 at most" in note for note in told.notes)


def test_nothing_is_left_on_in_torch():
    count_parameters("SmolLM2-135M", lora_config(8))
    assert torch.empty(1).device.type == "cpu" and torch.get_default_dtype() == torch.float32
