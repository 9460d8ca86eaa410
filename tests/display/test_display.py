"""What learners look at: claims and pictures."""

import pytest

from lora_course.core.results import RankSummary
from lora_course.display.claims import ClaimFailedError, claim
from lora_course.display.plots import rank_curve


def test_a_claim_prints_its_margin(capsys):
    claim("water is wet", 0.7, above=0.5)
    assert capsys.readouterr().out == "True: water is wet (needs above 0.5; measured 0.7)\n"


def test_a_claim_of_a_count_is_exact(capsys):
    claim("as many as there are", 1_280, equals=1_280)
    shown = "True: as many as there are (needs exactly 1,280; measured 1,280)\n"
    assert capsys.readouterr().out == shown


@pytest.mark.parametrize(
    ("measured", "bounds"),
    [
        (0.5, {"above": 0.5}),
        (0.5, {"below": 0.5}),
        (float("nan"), {"above": 0}),
        (float("nan"), {"below": 0}),
        (3.0, {"above": 1, "below": 2}),
        (3.0, {"equals": 2}),
        (float("nan"), {"equals": float("nan")}),
    ],
)
def test_a_claim_that_does_not_hold_stops(measured, bounds):
    with pytest.raises(ClaimFailedError, match="Not true here"):
        claim("it holds", measured, **bounds)


@pytest.mark.parametrize("bounds", [{}, {"equals": 1, "above": 0}, {"equals": 1, "below": 2}])
def test_a_claim_needs_a_bound(bounds):
    with pytest.raises(ValueError, match="needs something to fail"):
        claim("it holds", 1.0, **bounds)


ROWS = [RankSummary(4, 4, 8, 0.75, 0.01, 1.0, 3), RankSummary(8, 8, 16, 0.8, float("nan"), 1.0, 1)]


def test_pictures_say_what_they_show():
    picture = rank_curve({"a <b>": ROWS}, {4: 0.8, 8: 1.0}, chosen=8)
    assert "r=4 0.75" in picture.alt and "chosen rank 8" in picture.alt
    assert "<b>" not in picture.to_html() and picture.png.startswith(b"\x89PNG")
    assert picture._repr_mimebundle_().keys() == {"text/html", "text/plain"}
    assert rank_curve({"a": ROWS}).png == rank_curve({"a": ROWS}).png
