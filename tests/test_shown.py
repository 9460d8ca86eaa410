"""What learners look at: claims, pictures, explorers, step sizes."""

import pytest

from lora_course.architectures import MODELS
from lora_course.claims import ClaimFailedError, claim
from lora_course.estimators import estimate_model_memory
from lora_course.plots import rank_curve
from lora_course.results import RankSummary
from lora_course.widgets import memory_bars, planted_rank_explorer, rank_explorer


def test_a_claim_prints_its_margin(capsys):
    claim("water is wet", 0.7, above=0.5)
    assert capsys.readouterr().out == "True: water is wet (needs above 0.5; measured 0.7)\n"


@pytest.mark.parametrize(
    ("measured", "bounds"),
    [
        (0.5, {"above": 0.5}),
        (0.5, {"below": 0.5}),
        (float("nan"), {"above": 0}),
        (float("nan"), {"below": 0}),
        (3.0, {"above": 1, "below": 2}),
    ],
)
def test_a_claim_that_does_not_hold_stops(measured, bounds):
    with pytest.raises(ClaimFailedError, match="Not true here"):
        claim("it holds", measured, **bounds)


def test_a_claim_needs_a_bound():
    with pytest.raises(ValueError, match="needs something to fail"):
        claim("it holds", 1.0)


ROWS = [RankSummary(4, 4, 8, 0.75, 0.01, 1.0, 3), RankSummary(8, 8, 16, 0.8, float("nan"), 1.0, 1)]


def test_pictures_say_what_they_show():
    picture = rank_curve({"a <b>": ROWS}, {4: 0.8, 8: 1.0}, chosen=8)
    assert "r=4 0.75" in picture.alt and "chosen rank 8" in picture.alt
    assert "<b>" not in picture.to_html() and picture.png.startswith(b"\x89PNG")
    assert picture._repr_mimebundle_().keys() == {"text/html", "text/plain"}
    assert rank_curve({"a": ROWS}).png == rank_curve({"a": ROWS}).png


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


def test_planted_explorer_measures_on_release_and_remembers():
    explorer = planted_rank_explorer((2, 4))
    slider = explorer.children[0]
    assert not slider.continuous_update
    first = explorer.view.value
    slider.value = 4 if slider.value == 2 else 2
    second = explorer.view.value
    assert "true rank" in second and second != first
    slider.value = 2 if slider.value == 4 else 4
    assert explorer.view.value == first
