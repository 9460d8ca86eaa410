"""A guess is asked for, kept and shown; nothing needs one."""

import pytest
from matplotlib.figure import Figure

from lora_course import claim, claims, learner, predict
from lora_course.display import predict as module
from lora_course.display.plots import mark_guess

RATES = (0.001, 0.01)


def test_an_unmade_guess_says_how_to_make_one_and_marks_nothing():
    guess = predict("Best rate?", RATES)
    assert not guess.made and guess.value is None
    assert "Best rate? 0.001 / 0.01" in str(guess) and "guess=" in str(guess)
    axes = Figure().subplots()
    assert mark_guess(axes, guess) == [] and not axes.lines
    assert str(claims(claim("x", 1, above=0), guess=guess)).startswith("✓")
    assert not learner.file(module.KEPT).exists()


def test_a_guess_by_a_button_is_kept_for_the_next_kernel():
    first = predict("Best rate?", RATES)
    first.children[1].value = 0.01
    assert first.value == 0.01 and "Your guess: 0.01" in str(first)
    again = predict("Best rate?", RATES)
    assert again.value == 0.01 and again.children[1].value == 0.01
    assert not predict("Another?", RATES).made
    assert not predict("Best rate?", (1, 2)).made  # the choices have changed since


def test_a_number_is_typed_or_given_in_the_call():
    typed = predict("Which share?")
    typed.children[1].value = "1,000"
    assert typed.value == 1000.0
    typed.children[1].value = "many"
    assert typed.value == 1000.0 and "A number, please" in typed.children[2].value
    assert predict("Which share?", guess=0.25).value == 0.25
    assert predict("Which share?").value == 0.25


@pytest.mark.parametrize(
    ("choices", "guess"), [(RATES, 0.5), (RATES, "0.01"), ((), "many"), ((), float("nan"))]
)
def test_what_is_no_guess_is_refused(choices, guess):
    with pytest.raises(ValueError, match=r"guess=.*: must be"):
        predict("Best rate?", choices, guess=guess)


def test_a_guess_is_drawn_and_stands_beside_the_result():
    guess = predict("Best <rate>?", RATES, guess=0.01)
    axes = Figure().subplots()
    assert mark_guess(axes, guess) == ["your guess 0.01"]
    assert axes.lines[0].get_label() == "your guess"
    shown = claims(claim("x", 1, above=0), guess=guess)
    assert str(shown).startswith("You guessed: 0.01 (Best <rate>?)\n✓")
    assert "Best &lt;rate&gt;?" in shown._repr_html_()
    assert "Best &lt;rate&gt;?" in guess._repr_mimebundle_()["text/html"]


def test_the_same_question_is_asked_when_the_notebook_is_run_by_others(monkeypatch):
    monkeypatch.setenv(learner.VARIABLE, learner.OFF)
    assert predict("Best rate?", RATES, guess=0.01).made
    assert not predict("Best rate?", RATES).made
