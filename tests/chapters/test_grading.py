"""The chapters' own notebooks, graded: full points for the solution, none for the blank."""

from dataclasses import replace

import pytest

from lora_course.authoring.build import solution_path, student_path
from lora_course.checks.result import Outcome
from lora_course.grading.grade import Job
from lora_course.grading.records import Status
from lora_course.grading.supervise import supervise
from tests.conftest import NOTEBOOKS, ROOMS, in_turn

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("sandbox")]


def graded(room, path, **settings):
    return supervise(replace(Job(str(path), path.name, "x", room.number, "seed"), **settings))


def test_the_executed_solution_scores_full_points(room):
    result = graded(room, solution_path(room, NOTEBOOKS))
    assert (result.status, result.score) == (Status.OK, result.max_score) and not result.cells


@pytest.mark.parametrize("room", [in_turn(ROOMS)], ids=lambda room: room.name)
def test_so_it_does_with_every_cell_run(room):
    result = graded(room, solution_path(room, NOTEBOOKS), all_cells=True)
    assert (result.status, result.score) == (Status.OK, result.max_score) and not result.cells


def test_the_blank_notebook_scores_nothing_and_is_called_so(room):
    result = graded(room, student_path(room, NOTEBOOKS))
    assert (result.status, result.score) == (Status.OK, 0) and not result.cells
    outcomes = {question.outcome for question in result.results.values()}
    assert outcomes == {Outcome.NOT_ATTEMPTED}
