"""Which cells are run: the learner's own, and what they use of the chapter's."""

import pytest

from lora_course.grading.course_cells import digest, handed_out, needed
from lora_course.grading.notebook import code_cells
from tests.conftest import NOTEBOOKS
from tests.grading.notebooks import A, D

IMPORTS = "import statistics\nfrom math import sqrt as root"
TASK = "task, ranks = [1, 2], (1, 2)"
CHANGES = "task[0] = 7\nlimit = 3"
PLOT = "print(sum(task))"
FUNCTION = "def mean(values):\n    return statistics.fmean(values)"
COURSE = frozenset(map(digest, (IMPORTS, TASK, CHANGES, PLOT, FUNCTION)))


def run(*cells):
    return [cells[place] for place in sorted(needed(cells, COURSE))]


CASES = {
    "nothing of the course's is used": ([IMPORTS, TASK, PLOT, A], [A]),
    "an import is used": ([IMPORTS, TASK, D], [IMPORTS, D]),
    "a value, and what changes it": (
        [IMPORTS, TASK, CHANGES, PLOT, "x = task"],
        [TASK, CHANGES, "x = task"],
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
    "an edited cell is the learner's": ([TASK, PLOT + "  # mine"], [TASK, PLOT + "  # mine"]),
    "spaces around do not matter": ([f"\n{TASK}\n", "x = 1"], ["x = 1"]),
}


@pytest.mark.parametrize(("cells", "chosen"), CASES.values(), ids=CASES)
def test_what_is_run(cells, chosen):
    assert run(*cells) == chosen


@pytest.mark.parametrize(
    "own",
    ["exec('x = task')", "globals()['task']", "%time 1", "def broken(:", "x = get_ipython()"],
)
def test_where_it_cannot_be_told_everything_is_run(own):
    assert run(IMPORTS, TASK, PLOT, own) == [IMPORTS, TASK, PLOT, own]


def test_the_chapters_exercises_are_never_the_courses(room):
    """Else an answer left blank, or one that equals the blank, would not be there to be asked."""
    from lora_course.authoring.build import student_path
    from lora_course.authoring.source import read_source

    chapter = read_source(room)
    cells = code_cells(student_path(room, NOTEBOOKS).read_bytes())
    known = handed_out(chapter.metadata["lora_course"]["chapter"])
    questions = [code for code in cells if digest(code) not in known and ".check(" in code]
    assert len(questions) == sum("question" in cell.metadata for cell in chapter.cells)
    assert all(digest(code) in known for code in cells if code not in questions)
