"""The memory explorer: every control changes what is shown, and the largest settings work."""

import pytest

from lora_course.memory.closed_form import estimate_model_memory
from lora_course.memory.explorer import memory_bars, rank_explorer
from lora_course.models.architectures import MODELS


def test_explorer_follows_every_control():
    explorer = rank_explorer()
    controls = {child.description: child for child in explorer.children if child.description}
    assert len(controls) == 6
    for description, value in {
        "model": "Mistral-7B",
        "rank r": 64,
        "target modules": "attention",
        "base precision": "nf4",
        "batch size": 3,
        "tokens a sequence": 512,
    }.items():
        before = explorer.view.value
        controls[description].value = value
        assert explorer.view.value != before, description
    figures = estimate_model_memory(
        "Mistral-7B", 64, "attention", "nf4", batch_size=3, seq_length=512
    )
    assert f"{figures['lora_params']:,}" in explorer.view.value
    assert (
        memory_bars(figures, "Mistral-7B in nf4, rank 64, attention, 3×512 tokens")
        in explorer.view.value
    )


@pytest.mark.parametrize("model", MODELS)
def test_explorer_takes_its_largest_settings(model):
    explorer = rank_explorer()
    values = {"model": model, "rank r": 256, "batch size": 16, "tokens a sequence": 8192}
    for child in explorer.children[:-2]:
        child.value = values.get(child.description, child.value)
    assert "GB" in explorer.view.value


def test_where_widgets_cannot_be_shown_the_view_can():
    bundle = rank_explorer()._repr_mimebundle_()
    assert "lora-course doctor" in bundle["text/html"]
    assert "trainable parameters" in bundle["text/html"]
