"""Which cells are run: the learner's own, and what they use of the chapter's."""

import pytest

from lora_course.chapters.rooms import room_of
from lora_course.grading.cell_code import CellCode, digest
from lora_course.grading.needed_cells import NeededCells
from lora_course.grading.notebook import code_cells
from tests.conftest import NOTEBOOKS
from tests.example import A

IMPORTS = "import statistics\nfrom math import sqrt as root"
ROOT = "def half(x):\n    return root(x)"
TASK = "task, ranks = [1, 2], (1, 2)"
CHANGES = "task[0] = 7\nlimit = 3"
PLOT = "print(sum(task))"
FUNCTION = "def mean(values):\n    return statistics.fmean(values)"
COURSE = frozenset(map(digest, (IMPORTS, TASK, CHANGES, PLOT, FUNCTION)))
ANSWER = "def f():\n    return xs[0]"


def needed(cells, course=COURSE):
    own = [place for place, code in enumerate(cells) if digest(code) not in course]
    return NeededCells(cells, own)


def run(*cells, course=COURSE):
    return [cells[place] for place in sorted(needed(cells, course).places())]


CASES = {
    "nothing of the course's is used": ([IMPORTS, TASK, PLOT, A], [A]),
    "an import is used": ([IMPORTS, TASK, ROOT], [IMPORTS, ROOT]),
    "a value, and what changes it": (
        [IMPORTS, TASK, CHANGES, "x = task", PLOT],
        [TASK, CHANGES, "x = task"],
    ),
    "a function that is called in the end sees what any cell changes": (
        [TASK, "def f():\n    return task", CHANGES, IMPORTS, PLOT],
        [TASK, "def f():\n    return task", CHANGES, PLOT],
    ),
    "so does what it reaches by another name": (
        [TASK, "x = task", "def f():\n    return x", CHANGES],
        [TASK, "x = task", "def f():\n    return x", CHANGES],
    ),
    "a function, and what that uses": (
        [IMPORTS, TASK, FUNCTION, "def f():\n    return mean([1])"],
        [IMPORTS, FUNCTION, "def f():\n    return mean([1])"],
    ),
    "a local name is another one": (
        [TASK, "def f(ranks):\n    task = 1\n    return task, ranks"],
        ["def f(ranks):\n    task = 1\n    return task, ranks"],
    ),
    "a name of a default": ([TASK, "def f(x=task): ..."], [TASK, "def f(x=task): ..."]),
    "an edited cell is the learner's": ([TASK, PLOT + "; x = 1"], [TASK, PLOT + "; x = 1"]),
    "spaces around do not matter": ([f"\n{TASK}\n", "x = 1"], ["x = 1"]),
}


@pytest.mark.parametrize(("cells", "chosen"), CASES.values(), ids=CASES)
def test_what_is_run(cells, chosen):
    assert run(*cells) == chosen


@pytest.mark.parametrize(
    "change",
    [
        *("xs.append(3)", "xs += [3]", "xs[:] = [3]", "change(xs)", "add = xs.append\nadd(3)"),
        *("ys = xs\nys.append(3)", "for x in [xs]:\n    x.append(3)", "del xs[0]"),
        *("def change():\n    xs.append(3)\nchange()", "[y.append(3) for y in [xs]]"),
        "(lambda: xs.append(3))()",
    ],
)
def test_what_may_change_an_object_that_an_answer_reads_is_run(change):
    handed = ["xs = []", change, "other = [1]\nother.append(2)"]
    course = frozenset(map(digest, handed))
    assert run(*handed, ANSWER, course=course) == ["xs = []", change, ANSWER]


def test_an_object_may_be_changed_by_its_other_name_in_a_later_cell():
    handed = ["xs = []", "ys = xs", "ys.append(3)", "zs = [1]", "zs.append(1)"]
    course = frozenset(map(digest, handed))
    assert run(*handed, ANSWER, course=course) == [*handed[:3], ANSWER]


def test_of_a_chapter_whose_answers_use_imports_alone_no_demonstration_is_run(room):
    """The four chapters are such; else grading would train and draw for minutes."""
    from lora_course.authoring.build import course_cells
    from lora_course.authoring.source import read_source, variant

    for solved in (True, False):
        notebook = variant(read_source(room), solved=solved)
        cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        exercises = {place for place, cell in enumerate(cells) if "question" in cell.metadata}
        codes = [cell.source for cell in cells]
        assert needed(codes, course_cells(room)["cells"]).places() <= exercises | {0}


OWN_CODE = {
    "a magic": "%matplotlib inline\nx = 1",
    "a command": "!pip install numpy\nx = 1",
    "a cell that is timed": "%%time\nx = 1",
    "a help": "print?",
    "what a command prints": "files = !ls",
    "code that is broken": "def broken(:",
    "a return by itself": "return 3",
    "another line end": "x = 1\r\ny = 2",
    "a module of magics": "%load_ext autoreload\n%autoreload 2",
}


@pytest.mark.parametrize("own", OWN_CODE.values(), ids=OWN_CODE)
def test_what_is_no_plain_python_costs_no_demonstration(own):
    cells = [IMPORTS, TASK, PLOT, own]
    assert run(*cells) == [own]
    assert needed(cells).certain


@pytest.mark.parametrize(
    "own",
    ["%time x = task", "%%time\nx = task", "x = %time task", "%timeit -n 1 -r 1 task", "!ls\ntask"],
)
def test_a_magic_uses_the_names_in_its_code(own):
    assert run(IMPORTS, TASK, FUNCTION, own) == [TASK, own]


def test_what_a_magic_binds_is_bound():
    assert CellCode.read("%%capture shown\nx = 1").bound == {"shown", "x"}
    assert CellCode.read("files = !ls").bound == {"files"}


@pytest.mark.parametrize(
    "own",
    ["exec('x = task')", "globals()['task']", "%run task.py", "x = get_ipython()", "%reset -f"],
)
def test_where_it_cannot_be_told_that_is_known(own):
    assert not needed([IMPORTS, TASK, PLOT, own]).certain


def test_of_more_code_than_is_looked_at_everything_is_run():
    cells = [IMPORTS, TASK, "x = 1\n" * 40_000]
    assert run(*cells) == cells and not needed(cells).certain


def test_a_name_that_is_asked_for_later_brings_what_makes_it():
    cells = [IMPORTS, TASK, CHANGES, PLOT, "x = 1"]
    known = needed(cells)
    assert known.binding("task") == [1, 2] and known.binding("tsak") == []
    assert known.places(["limit"]) == {1, 2, 4}


@pytest.mark.parametrize(
    "changed", [f"{TASK}\r\n", f"{TASK}   ", f"# mine\n{TASK}", f"{TASK}\n\n# mine", f"\n\n{TASK}"]
)
def test_a_cell_of_the_course_is_known_again(changed):
    assert digest(changed) == digest(TASK)
    assert digest(TASK + " + [1]") != digest(TASK)


def test_the_chapters_exercises_are_never_the_courses(room):
    """Else an answer left blank, or one that equals the blank, would not be there to be asked."""
    from lora_course.authoring.build import student_path
    from lora_course.authoring.source import read_source

    chapter = read_source(room)
    cells = code_cells(student_path(room, NOTEBOOKS).read_bytes())
    known = room_of(chapter.metadata["lora_course"]["chapter"]).read_built()["cells"]
    questions = [code for code in cells if digest(code) not in known and ".check(" in code]
    assert len(questions) == sum("question" in cell.metadata for cell in chapter.cells)
    assert all(digest(code) in known for code in cells if code not in questions)
