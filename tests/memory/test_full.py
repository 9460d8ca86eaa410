"""A step that trains the whole model: its peak is the allocator's, and few layers tell of many."""

from dataclasses import replace

import pytest

from lora_course.memory import StepSetting, estimate, full_tuning, lora_config
from lora_course.memory.full import trains_whole
from lora_course.memory.validation import measure, real
from lora_course.memory.validation.families import FAMILIES

CONFIG, WITHIN = FAMILIES["Llama"].config, 1e-3


@pytest.mark.parametrize("case", ["fp32", "bf16"])
def test_the_peak_is_the_allocators(case):
    setting = replace(measure.SETTINGS[case], batch_size=2)
    truth = real.peak_bytes(trains_whole(real.base(CONFIG, setting)), setting)
    assert abs(full_tuning(CONFIG, setting).peak / truth - 1) < WITHIN


def test_all_that_trains_is_weights_and_has_a_state_of_twice_its_size():
    held = full_tuning(CONFIG, StepSetting(batch_size=2, seq_length=64)).held
    assert "adapter" not in held and held["weights"] > 0
    assert held["optimizer"] == pytest.approx(2 * held["weights"], rel=1e-3)


def test_a_step_of_many_layers_is_that_of_all_of_them():
    config = CONFIG | {"num_hidden_layers": 12}
    setting = StepSetting(batch_size=2, seq_length=64)
    longer, extended = (full_tuning(config | {"num_hidden_layers": n}, setting) for n in (11, 12))
    assert (longer.layers, extended.layers) == (0, 12)
    more = full_tuning(config | {"num_hidden_layers": 10}, setting)
    assert extended.peak - longer.peak == longer.peak - more.peak


def test_lora_keeps_less_where_it_has_the_bases_type_and_more_in_fp32():
    setting = StepSetting(batch_size=2, seq_length=256)
    same = replace(setting, adapter_precision="bf16")
    full = full_tuning(CONFIG, setting).held["activations"]
    lora, in_16_bits = (estimate(CONFIG, lora_config(8), s).held for s in (setting, same))
    assert in_16_bits["activations"] < full < lora["activations"]


def test_quantised_weights_do_not_train():
    with pytest.raises(ValueError, match="precision='nf4': quantised"):
        full_tuning(CONFIG, StepSetting(precision="nf4"))
