"""Grading one file, from what was handed in to its results: which cells run, and what is said."""

import pytest

from lora_course.authoring.build import student_path
from lora_course.chapters.rooms import room_of
from lora_course.checks.result import Outcome
from lora_course.grading.feedback import page
from lora_course.grading.grade import Job, blank, grade
from lora_course.grading.notebook import code_cells
from lora_course.grading.recognised import other_chapter
from lora_course.grading.records import Status
from lora_course.grading.replay import Replay
from lora_course.interop.parts import explanation
from tests.conftest import NOTEBOOKS, ROOMS
from tests.example import DECISION, FIRST, QUESTIONS, ROOM, A, D
from tests.grading.notebooks import notebook

needs_sandbox = pytest.mark.usefixtures("sandbox")
BLANK_A = f"def {FIRST.function}(*arguments, **named):\n    return ..."


@pytest.fixture
def graded(tmp_path):
    def run(content, chapter=ROOM.number, **settings):
        path = tmp_path / "a.ipynb"
        path.write_bytes(content)
        *_, last = grade(Job(str(path), "a.ipynb", "a", chapter, "seed", **settings))
        return last

    return run


def cells_of(room):
    return code_cells(student_path(room, NOTEBOOKS).read_bytes())


@needs_sandbox
@pytest.mark.parametrize(
    "change",
    [
        lambda code: f"%matplotlib inline\n{code}",
        lambda code: f"!pip install nothing\n{code}",
        lambda code: f"%%time\n{code}",
        lambda code: code.replace("\n", "\r\n"),
        lambda code: code.replace("d_out + d_in", "d_out + d_inn"),
        lambda code: code.replace("return", "retrun"),
    ],
    ids=["a magic", "a command", "timed", "other line ends", "a name misspelt", "no Python"],
)
def test_no_demonstration_is_run_for_what_a_learner_writes(graded, monkeypatch, change):
    ran = []
    real = Replay._run_cell
    monkeypatch.setattr(
        Replay, "_run_cell", lambda one, place: ran.append(place) or real(one, place)
    )
    cells = cells_of(ROOM)
    exercises = [place for place, code in enumerate(cells) if f"def {FIRST.function}(" in code]
    (place,) = exercises
    cells[place] = change(f"{A}\n\n{FIRST.key}.check({FIRST.function})")
    result = graded(notebook(*cells))
    assert result.status is Status.OK
    own = {place for place, code in enumerate(cells) if ".check(" in code}
    assert set(ran) <= own | {0} and len(ran) == len(set(ran))  # the first holds the imports


@needs_sandbox
def test_a_name_of_a_cell_that_was_left_out_brings_that_cell(graded, monkeypatch):
    more = []
    real = Replay.run_more
    monkeypatch.setattr(
        Replay, "run_more", lambda one, places: more.append(places) or real(one, places)
    )
    hidden = "def helper(name):\n    return eval(name)"
    cells = cells_of(ROOM)
    name = ROOM.read_built()["imports"][0].split()[-1]
    code = A.replace("    return", f"    eval({name!r})\n    return")
    result = graded(notebook(*cells, hidden, code))
    assert result.results[FIRST.name].outcome is Outcome.CORRECT and len(more) <= 1


def test_an_answer_above_the_blank_exercise_is_told(graded, sandbox):
    result = graded(notebook(A, "x = 1", BLANK_A))
    found = result.results[FIRST.name]
    assert found.outcome is Outcome.NOT_ATTEMPTED
    words = f"{FIRST.function} is defined in cell 1, and once more in cell 3"
    assert words in found.findings[0].message
    assert words in page(result, QUESTIONS) and words in explanation(found.findings[0])
    assert result.results[DECISION.name].findings[0].message == ""


def test_another_chapters_notebook_is_known_and_not_run(graded, monkeypatch):
    monkeypatch.setattr(Replay, "run", lambda one: pytest.fail("was run"))
    other = next(room for room in ROOMS if room != ROOM)
    result = graded(student_path(other, NOTEBOOKS).read_bytes())
    assert (result.status, result.score) == (Status.CHAPTER, 0)
    assert f"is chapter {other.number}'s notebook" in result.reason
    assert "Hand in the notebook of this chapter" in page(result, QUESTIONS)


def test_every_chapters_notebook_is_taken_for_its_own(room):
    cells = cells_of(room)
    assert other_chapter(cells, room.number) == 0
    for other in ROOMS:
        if other != room:
            assert other_chapter(cells, other.number) == room.number
    answered = [*cells, f"def {FIRST.function}():\n    pass"]
    assert other_chapter(answered, ROOM.number) == 0


def test_what_is_no_chapters_notebook_is_graded_as_asked():
    assert other_chapter(["x = 1", D], ROOM.number) == 0
    (first, *_) = cells_of(next(room for room in ROOMS if room != ROOM))
    assert other_chapter([first], ROOM.number) == 0  # one cell may have been copied


def test_figures_count_for_nothing_but_the_limit(graded, sandbox):
    large = notebook(A).replace(b'"outputs": []', b'"outputs": ["' + b"x" * (3 << 20) + b'"]')
    assert graded(large).results[FIRST.name].outcome is Outcome.CORRECT
    result = graded(large, notebook_mb=2)
    assert result.status is Status.UNREADABLE and "larger than 2 MB" in result.reason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_text_in_any_encoding_of_unicode_is_read(encoding):
    assert code_cells(notebook("x = 'é名'").decode().encode(encoding)) == ["x = 'é名'"]


def test_a_blank_grade_has_all_questions():
    job = Job("", "", "", ROOM.number, "")
    assert list(blank(job).results) == [q.name for q in room_of(ROOM.number).questions()]
