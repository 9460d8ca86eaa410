"""What learners look at: claims and pictures."""

import base64

import pytest
import torch

from lora_course.core.results import RankSummary
from lora_course.display.claims import ClaimFailedError, claim, claims
from lora_course.display.plots import loss_lines, rank_curve, resolution


def test_claims_show_their_margin():
    shown = claims(claim("water is <wet>", 0.7123, above=0.5), claim("two", 2, above=1, below=3))
    assert (
        str(shown)
        == repr(shown)
        == (
            "✓ water is <wet> (needs above 0.5; measured 0.712)\n"
            "✓ two (needs above 1 and below 3; measured 2)"
        )
    )
    table = shown._repr_html_()
    assert table.count("<tr>") == 3 and "water is &lt;wet&gt;" in table
    assert 'class="measured">0.712<' in table and ">above 1 and below 3<" in table


def test_a_claim_of_a_count_is_exact():
    shown = claims(claim("as many as there are", 1_280, equals=1_280))
    assert str(shown) == "✓ as many as there are (needs exactly 1,280; measured 1,280)"


@pytest.mark.parametrize("held", [(), (True,), ("water is wet",)])
def test_claims_are_made_of_claims(held):
    with pytest.raises(TypeError, match="give it claim"):
        claims(*held)


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
    assert rank_curve({"a": ROWS}).png == rank_curve({"a": ROWS}).png


@pytest.mark.parametrize("log", [False, True])
def test_a_long_label_of_the_y_axis_is_not_cut_off(log):
    what = "training loss (nats a token), mean of 5 steps"
    picture = loss_lines({"run": torch.tensor([20_000.0, 1.0])}, what, log=log)
    figure = picture._figure
    figure.draw_without_rendering()
    label = figure.axes[0].yaxis.label
    box = label.get_window_extent()
    assert figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1 and figure.bbox.x0 <= box.x0
    assert label.get_text().split() == what.split()
    assert picture.alt.startswith("Training loss (nats a token), mean of 5 steps against step.")


def test_a_picture_is_shown_with_its_words_wherever_it_is_read(monkeypatch):
    picture = rank_curve({"a": ROWS})
    monkeypatch.setenv("JPY_SESSION_NAME", "/notebooks/chapter.ipynb")
    served = picture._repr_mimebundle_()
    assert served.keys() == {"text/html", "text/plain"} and picture.alt in served["text/plain"]
    monkeypatch.delenv("JPY_SESSION_NAME")
    data, said = picture._repr_mimebundle_()
    assert data.keys() == {"image/png", "text/plain"}
    assert base64.b64decode(data["image/png"]) == picture.png
    assert said == {"image/png": {"alt": picture.alt, "width": picture.width}}


def test_pictures_have_fewer_dots_where_that_is_asked():
    large = rank_curve({"a": ROWS})
    with resolution(50):
        small = rank_curve({"a": ROWS})
    assert len(small.png) < len(large.png) and small.width == large.width
    assert rank_curve({"a": ROWS}).png == large.png
