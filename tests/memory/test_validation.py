"""The closed form, which needs no torch, against a traced step."""

import pytest

from lora_course.memory.closed_form import estimate_model_memory
from lora_course.memory.validation.closed_form import CASES, WITHIN, compared
from lora_course.models.architectures import MODELS, TARGETS


@pytest.mark.parametrize("case", CASES[:1])
def test_the_closed_form_is_near_a_traced_step(case):
    assert abs(compared(case).difference) < WITHIN


@pytest.mark.long
@pytest.mark.parametrize("case", CASES[1:])
def test_the_closed_form_is_near_a_traced_step_everywhere(case):
    assert abs(compared(case).difference) < WITHIN


def test_the_cases_hold_every_model_and_all_usual_targets():
    assert {case.model for case in CASES} == set(MODELS)
    assert {case.targets for case in CASES} == set(TARGETS)


def test_of_gradients_and_activations_the_larger_counts():
    wide = estimate_model_memory("Llama-3.1-8B", 256, batch_size=1, seq_length=1)
    keys = ("base_weights_mb", "adapter_mb", "optimizer_mb", "gradients_mb")
    assert wide["total_mb"] == sum(wide[key] for key in keys)
    long = estimate_model_memory("Llama-3.1-8B", 8)
    keys = (*keys[:3], "activations_mb", "logits_mb")
    assert long["total_mb"] == sum(long[key] for key in keys)
