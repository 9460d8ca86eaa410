"""The chapters as they are handed out, gone through by a learner in JupyterLab."""

import json
import sys

import nbformat
import pytest

from lora_course.authoring.record import FOLDER
from lora_course.checks.result import Outcome

NOT_ATTEMPTED = Outcome.NOT_ATTEMPTED.value[1]
MOST_MB = 1000  # server and kernel, of the 2 GB that a session on Binder may use


def test_a_learner_goes_through_a_chapter(room, blank):
    assert not blank["trouble"]
    # What needs a kernel is what a reader moves or answers: no progress bar stays.
    answered = blank["guesses"] + bool(blank["recalled"])
    assert blank["outputs_with_widgets"] == blank["explorers"] + answered
    assert blank["explorers"] > 0 and blank["guesses"] > 0
    assert blank["recalled"] == (3 if room.number > 1 else 0)
    assert blank["sliders"] > 0, f"{room.name}: a chapter has an explorer"
    assert all((FOLDER / room.name / name).stat().st_size > 50_000 for name in blank["pictures"])


def test_what_is_not_answered_is_not_attempted(blank_notebook):
    cells = nbformat.read(str(blank_notebook), as_version=4).cells
    exercises = [cell for cell in cells if "question" in cell.metadata]
    assert exercises
    for cell in exercises:
        assert NOT_ATTEMPTED in cell.outputs[-1].data["text/plain"]


def test_no_output_of_a_blank_chapter_shows_an_address(blank_notebook):
    for cell in nbformat.read(str(blank_notebook), as_version=4).cells:
        assert " at 0x" not in json.dumps(cell.get("outputs", []))


@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted as Linux counts it")
def test_a_chapter_blank_or_solved_has_room_on_binder(blank, solved):
    assert 200 < blank["peak_mb"] <= MOST_MB
    assert blank["server_mb"] + solved.peak / 1e6 <= MOST_MB
