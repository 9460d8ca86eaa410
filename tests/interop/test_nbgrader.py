"""A chapter goes through nbgrader's own commands: the same blank, the same points."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from lora_course import learner
from lora_course.authoring import build, nbgrader
from lora_course.authoring.nbgrader import ExportError, export_nbgrader
from lora_course.authoring.source import read_source, variant
from lora_course.chapters.rooms import Room
from lora_course.interop.parts import check_part
from lora_course.sandbox.command import by_name
from lora_course.sandbox.kernel import NAME
from tests import WATCHDOG
from tests.conftest import ROOMS, in_turn
from tests.example import FIRST, IMPORT_QUESTIONS, ROOM, SQUARE, TRAINING, A

NAME_OF_TINY = Path(ROOM.notebook).stem
TINY = f'''\
# %% [markdown]
# # Tiny

# %%
import math

{IMPORT_QUESTIONS}

# %% tags=["exercise"] question="lora_params"
def estimate_lora_params(layer_dim, rank, num_layers=32):
    """Count."""
    # solution
    d_out, d_in = (layer_dim, layer_dim) if isinstance(layer_dim, int) else layer_dim
    return num_layers * rank * (d_out + d_in)
    # blank
    # # think of both
    # return ...
    # end


{FIRST.key}.check({FIRST.function})

# %%
after = 2 * math.pi
'''
SITE = Path(__file__).resolve().parent.parent.parent / "build" / "nbgrader"
NOISY = """\
import logging, sys, warnings
logging.basicConfig(force=True)
""" + SQUARE.replace(
    "    d =", "    logging.warning('1'); warnings.warn('2'); print('3', file=sys.stderr)\n    d ="
)


@pytest.fixture
def tiny(tmp_path):
    """A chapter of a single question, in a room that has the name of one there is."""
    folder = tmp_path / ROOM.name
    folder.mkdir()
    (folder / "chapter.py").write_text(TINY)
    return Room(folder)


def installed():
    """Where nbgrader is: apart, for it adds menus to every JupyterLab that it is installed with."""
    if not (SITE / "nbgrader").is_dir():
        missing = f"{SITE} holds no nbgrader: run `make nbgrader`"
        if os.environ.get("REQUIRE_SANDBOX"):
            pytest.fail(missing)
        pytest.skip(missing)
    return str(SITE)


def run(course, *arguments, **settings):
    """One of nbgrader's commands, with no trace in this user's own folders."""
    home = course.parent / "home"
    home.mkdir(exist_ok=True)
    folders = {
        name: str(home / name.lower())
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    }
    programs = (SITE / "bin", Path(sys.executable).parent)  # it calls alembic
    folders["PATH"] = os.pathsep.join([*map(str, programs), os.environ["PATH"]])
    folders["PYTHONPATH"] = installed()
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env={**os.environ, **build.SETTINGS, **folders, "HOME": str(home)} | settings,
        capture_output=True,
        text=True,
        timeout=2 * WATCHDOG,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def exported(room, course):
    name = Path(room.notebook).stem
    export_nbgrader(room, course)
    run(course, "generate_assignment", name)
    return tuple(
        nbformat.read(str(course / kind / name / room.notebook), as_version=4)
        for kind in ("source", "release")
    )


def submit(course, name, learner, notebook):
    folder = course / "submitted" / learner / name
    folder.mkdir(parents=True)
    nbformat.write(notebook, str(folder / f"{name}.ipynb"))


def answered(released, question, code):
    """The released notebook with `code` as the answer to one question."""
    notebook = nbformat.from_dict(released)
    (cell,) = [cell for cell in notebook.cells if cell.metadata.get("question") == question]
    cell.source = code
    return notebook


def without_ordinary_cells(notebook):
    notebook.cells = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    return notebook


def scores(course):
    run(course, "export", "--to", "grades.csv")
    with (course / "grades.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["student_id"]: (float(row["score"]), float(row["max_score"])) for row in rows}


def code(notebook, question):
    return [cell.source for cell in notebook.cells if cell.metadata.get("question") == question]


@pytest.mark.long
def test_a_small_chapter_is_handed_out_and_graded(tiny, tmp_path):
    course = tmp_path / "course"
    solved, released = exported(tiny, course)
    assert code(released, "lora_params") == code(
        variant(read_source(tiny), solved=False), "lora_params"
    )
    submit(course, NAME_OF_TINY, "alice", solved)
    submit(course, NAME_OF_TINY, "bob", released)
    submit(course, NAME_OF_TINY, "carol", answered(released, "lora_params", NOISY))
    broken = nbformat.from_dict(solved)
    for cell in broken.cells:
        if cell.source.startswith("import"):
            cell.source = "1 / 0"  # the imports: nbgrader puts them back
        if cell.id.endswith("part1"):
            cell.source = "pass"
    submit(course, NAME_OF_TINY, "dave", broken)
    cheating = nbformat.from_dict(released)
    for cell in cheating.cells:
        if "-part" in cell.id:
            cell.source, cell.metadata.nbgrader.points = "1", 50
    submit(course, NAME_OF_TINY, "erin", cheating)
    run(course, "autograde", NAME_OF_TINY)
    assert not learner.file().exists()
    expected = {"alice": (2, 2), "bob": (0, 2), "carol": (1, 2), "dave": (2, 2), "erin": (0, 2)}
    assert scores(course) == expected
    graded = (course / "autograded" / "carol" / NAME_OF_TINY / ROOM.notebook).read_text()
    assert "Square assumed: 2·r·d holds only for a square matrix" in graded
    assert "Chapter 4:" not in graded  # nobody's progress is told
    assert "Success" in run(course, "validate", f"source/{NAME_OF_TINY}/{ROOM.notebook}")


@pytest.mark.long
def test_nbgrader_can_run_submissions_in_the_sandbox(tiny, tmp_path, sandbox):
    course = tmp_path / "course"
    solved, _ = exported(tiny, course)
    config = course / "nbgrader_config.py"
    text = config.read_text()
    assert f'# c.Execute.kernel_name = "{NAME}"' in text
    config.write_text(text.replace("# c.Execute.kernel_name", "c.Execute.kernel_name"))
    kernels = tmp_path / "jupyter" / "kernels" / NAME
    kernels.mkdir(parents=True)
    (kernels / "kernel.json").write_text(by_name())
    mark = tmp_path / "mark"
    solved.cells.append(
        nbformat.v4.new_code_cell(
            f"print('HOME', __import__('os').getcwd())\nopen({str(mark)!r}, 'w')"
        )
    )
    submit(course, NAME_OF_TINY, "alice", solved)
    run(course, "autograde", NAME_OF_TINY, JUPYTER_PATH=str(tmp_path / "jupyter"))
    assert scores(course) == {"alice": (2, 2)}
    assert not mark.exists()
    assert (
        "HOME /home/learner"
        in (course / "autograded" / "alice" / NAME_OF_TINY / ROOM.notebook).read_text()
    )


@pytest.mark.long
def test_a_chapter_of_the_course_is_handed_out_and_graded(room, tmp_path):
    course, name = tmp_path / "course", Path(room.notebook).stem
    solved, released = exported(room, course)
    blank = variant(read_source(room), solved=False)
    ours = [(cell.id, cell.source) for cell in blank.cells]
    assert [(c.id, c.source) for c in released.cells if "-part" not in c.id] == ours
    if room == in_turn(ROOMS):  # a whole run of a chapter takes long
        submit(course, name, "alice", solved)
    submit(course, name, "bob", without_ordinary_cells(nbformat.from_dict(released)))
    questions = room.questions()
    first = questions[0]
    carol = answered(released, first.name, first.solution().body)
    submit(course, name, "carol", without_ordinary_cells(carol))
    run(course, "autograde", name)
    points = sum(question.max_points for question in questions)
    reached = {"bob": 0, "carol": first.max_points}
    if room == in_turn(ROOMS):
        reached["alice"] = points
    assert scores(course) == {learner: (score, points) for learner, score in reached.items()}


def test_every_part_has_a_locked_cell_with_its_points(room):
    cells = nbgrader.assignment(room).cells
    graded = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")]
    questions = room.questions()
    parts = [(q, number) for q in questions for number in range(1, len(q.parts) + 1)]
    for cell, (question, number) in zip(graded, parts, strict=True):
        about = cell.metadata.nbgrader
        assert about.points == question.parts[number - 1].points
        assert about.locked and not about.solution and about.schema_version == 3
        assert f'check_part("{question.key}", {number}, {question.function})' in cell.source
    answers = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("solution")]
    assert len(answers) == len(questions)


@pytest.mark.long
def test_nbgraders_own_checks_and_stub_take_it(room, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(installed())
    from nbgrader.nbgraderformat import MetadataValidator
    from nbgrader.preprocessors import ClearSolutions
    from traitlets.config import Config

    notebook = nbgrader.assignment(room)
    MetadataValidator().validate_nb(notebook)
    settings = Config()
    exec(nbgrader.CONFIG, {"get_config": lambda: settings})
    cleared, _ = ClearSolutions(config=settings).preprocess(notebook, {})
    blank = variant(read_source(room), solved=False)
    assert [c.source for c in cleared.cells if "-part" not in c.id] == [
        c.source for c in blank.cells
    ]


def test_an_edited_notebook_and_configuration_are_kept(tiny, tmp_path):
    notebook, config = export_nbgrader(tiny, tmp_path / "course")
    notebook.write_text("mine")
    config.write_text("# mine")
    with pytest.raises(ExportError, match=ROOM.notebook + " exists"):
        export_nbgrader(tiny, tmp_path / "course")
    assert notebook.read_text() == "mine"
    assert export_nbgrader(tiny, tmp_path / "course", overwrite=True) == [notebook]
    assert notebook.read_text() != "mine" and config.read_text() == "# mine"


def test_what_nbgrader_cannot_leave_as_a_blank_is_refused(tiny):
    tiny.source.write_text(TINY.replace("# return ...", "# return [...]"))
    with pytest.raises(ExportError, match=r"ch04-lora_params.*'return \.\.\.'"):
        nbgrader.assignment(tiny)


def test_an_unknown_question_is_named_with_the_known_ones(tiny):
    tiny.source.write_text(TINY.replace('question="lora_params"', 'question="params"'))
    with pytest.raises(ExportError, match="'params' is not one of chapter 4: lora_params, "):
        nbgrader.assignment(tiny)


def test_without_jupytext_the_message_says_what_to_install(tiny, monkeypatch):
    monkeypatch.setitem(sys.modules, "jupytext", None)
    monkeypatch.delitem(sys.modules, "lora_course.authoring.source")
    with pytest.raises(ExportError, match=r'jupytext, .*pip install "lora-course\[dev\]"'):
        nbgrader.assignment(tiny)


def function(text):
    names = {}
    exec(text, names)
    return names["estimate_lora_params"]


def test_a_part_passes_in_silence_or_says_what_to_mend():
    assert check_part(FIRST.key, 2, function(A)) is None
    assert check_part(FIRST.key, 1, function(SQUARE)) is None
    with pytest.raises(AssertionError) as caught:
        check_part(FIRST.key, 2, function(SQUARE))
    words = str(caught.value)
    assert words.startswith("rectangular matrices: not yet\ncalled: estimate_lora_params(")
    assert "returned: " in words and "Square assumed: " in words


def test_a_part_leaves_no_progress():
    check_part(FIRST.key, 1, function(A))
    assert not learner.file().exists()


COUNTING = """\
from contextlib import suppress
from lora_course.interop.parts import check_part
calls = []
def answer(*arguments):
    calls.append(arguments)
    return [{}]
"""
ANEW = "def answer(*arguments):\n    calls.append(arguments)\n    return [{}]"
ONE, TWO = (
    f'with suppress(AssertionError):\n    check_part("{TRAINING.key}", {n}, answer)' for n in (1, 2)
)
RUN_CELLS = """\
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(history_load_length=0)
for cell in sys.argv[1:]:
    shell.run_cell(cell, store_history=True).raise_error()
"""


@pytest.mark.parametrize(
    ("cells", "calls"),
    [
        ([ONE, TWO], 1),
        ([TWO, ONE, TWO], 1),
        ([ONE, "helper = 1", TWO], 2),
        ([ONE, ANEW, TWO], 2),
        ([f"{ONE}\n{ANEW}", TWO], 2),
        ([f"{ONE}\n{TWO}"], 2),
    ],
)
def test_parts_in_cells_right_after_each_other_share_the_answers_calls(cells, calls, tmp_path):
    words = [COUNTING, *cells, "print('calls:', len(calls))"]
    done = subprocess.run(
        [sys.executable, "-c", RUN_CELLS, *words],
        env=os.environ | {"IPYTHONDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"calls: {calls}" in done.stdout, done.stdout + done.stderr


def test_a_blank_part_is_not_attempted_and_an_error_is_told():
    with pytest.raises(AssertionError, match="not attempted"):
        check_part(FIRST.key, 1, lambda *arguments: ...)
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        check_part(FIRST.key, 1, lambda *arguments: 1 / 0)


@pytest.mark.parametrize("number", [0, 3, -1])
def test_a_part_that_is_none_is_refused(number):
    with pytest.raises(ValueError, match=f"number={number}: {FIRST.key} has the parts 1 to 2"):
        check_part(FIRST.key, number, function(A))


@pytest.mark.parametrize("name", [FIRST.name, "ch04.", "ch04.x", f"ch4.{FIRST.name}", "os.path"])
def test_a_question_that_is_none_is_refused(name):
    with pytest.raises(ValueError, match=re.escape(f"'{name}' is no question")):
        check_part(name, 1, function(A))
