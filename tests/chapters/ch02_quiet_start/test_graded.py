"""Freezing, graded: a function that changes a model does so in the sandbox."""

import pytest

from lora_course.grading.records import Status
from tests.chapters.ch02_quiet_start.answers import FREEZING
from tests.grading.notebooks import graded

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("sandbox")]


@pytest.mark.parametrize("fixture", FREEZING, ids=lambda fixture: fixture.label)
def test_a_model_is_changed_in_the_sandbox(tmp_path, fixture):
    code = fixture.code.replace("def answer(", "def freeze_all_but_adapters(")
    result = graded(tmp_path, 2, code.replace("answer = ", "freeze_all_but_adapters = "))
    outcome = result.results["freezing"].outcome
    assert (outcome, result.status) == (fixture.outcome, Status.OK)
    assert not fixture.mistake or fixture.mistake in result.results["freezing"].mistakes
