"""A chapter as an nbgrader source assignment: answer cells, and a graded cell for every part."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lora_course import learner
from lora_course.chapters.rooms import Room
from lora_course.checks.question import Part, Question

if TYPE_CHECKING:
    from nbformat import NotebookNode

# nbgrader has one stub for a whole course; every blank ends with it.
STUB = "return ..."
CONFIG = f'''\
"""Settings for nbgrader. Copy what you need if you have a configuration of your own."""

import os

# Answers that nbgrader runs are the learners': they are no progress of yours.
os.environ["{learner.VARIABLE}"] = "{learner.OFF}"

c = get_config()  # noqa: F821  # nbgrader defines it

# What generate_assignment puts where a solution stood: the blank of the course's own notebooks.
c.ClearSolutions.code_stub = {{"python": "{STUB}"}}

# Seconds for one cell. Some cells of the course train; nbgrader's 30 can be too few.
c.Execute.timeout = 300

# A graded cell that a learner deleted counts 0. To put such cells back before grading, take off the
# "#". nbgrader 0.9.6 then fails on notebooks from which the answer's cell was deleted as well.
# c.OverwriteCells.add_missing_cells = True

# nbgrader runs submissions as you, with your files and your network. To run them in the course's
# sandbox (Linux with bubblewrap), first `lora-course sandbox --install`, then take off the "#":
# c.Execute.kernel_name = "lora-course-sandbox"
'''


class ExportError(ValueError):
    """The assignment cannot be written; the message says why and what to do."""


def export_nbgrader(room: Room, out: Path, *, overwrite: bool = False) -> list[Path]:
    """Write OUT/source/NN_name/NN_name.ipynb, and OUT/nbgrader_config.py where there is none.

    `out` is the folder of an nbgrader course. Returns what was written. ExportError for a notebook
    that is there already, unless `overwrite`.
    """
    text = _text(assignment(room))
    notebook = out / "source" / Path(room.notebook).stem / room.notebook
    config = out / "nbgrader_config.py"
    if notebook.exists() and not overwrite:
        raise ExportError(
            f"{notebook} exists; allow it to be overwritten, or remove it if you need no change of"
            " yours in it"
        )
    notebook.parent.mkdir(parents=True, exist_ok=True)
    notebook.write_text(text, encoding="utf-8")
    if config.exists():
        return [notebook]
    config.write_text(CONFIG, encoding="utf-8")
    return [notebook, config]


def assignment(room: Room) -> NotebookNode:
    """The chapter as a notebook that nbgrader's generate_assignment takes."""
    try:
        from lora_course.authoring.source import read_source, variant
    except ModuleNotFoundError as error:
        raise ExportError(
            f"an export to nbgrader needs {error.name}, which authors install with:"
            ' pip install "lora-course[dev]"'
        ) from error
    questions = {question.name: question for question in room.questions()}
    chapter = read_source(room)
    cells = []
    for cell in chapter.cells:
        cells.append(cell)
        name = cell.metadata.get("question")
        if name is not None:
            if name not in questions:
                raise ExportError(
                    f"{room.source}, cell {cell.id}: question={name!r} is not one of chapter"
                    f" {room.number}: {', '.join(questions)}"
                )
            _as_answer(cell, room.source)
            cells += _graded_cells(questions[name], cell.id)
        elif cell.cell_type == "code" and _only_imports(cell.source):
            # Answers need these; other cells may be changed, since no answer depends on them.
            cell.metadata["nbgrader"] = _metadata(cell.id, locked=True)
    chapter.cells = cells
    return variant(chapter, solved=True)


def _as_answer(cell: Any, source: Path) -> None:
    """Mark the solution for nbgrader, below the comments that the blank starts with."""
    from lora_course.authoring.source import REGION

    def marked(match: re.Match[str]) -> str:
        indent, blank = match["indent"], re.sub(r"^ *# ?", "", match["blank"], flags=re.MULTILINE)
        *comments, stub = blank.splitlines() or [""]
        if stub != STUB or not all(line.startswith("#") for line in comments):
            raise ExportError(
                f"{source}, cell {cell.id}: nbgrader can only leave comments and then {STUB!r};"
                f" the blank is {blank!r}"
            )
        hints = "".join(f"{indent}{line}\n" for line in comments)
        return f"{hints}{indent}### BEGIN SOLUTION\n{match['solution']}{indent}### END SOLUTION\n"

    cell.source = REGION.sub(marked, cell.source + "\n").rstrip("\n")
    cell.metadata["nbgrader"] = _metadata(cell.id, solution=True)


def _graded_cells(question: Question, answer_id: str) -> list[Any]:
    """A locked test for each part of the question."""
    from nbformat.v4 import new_code_cell

    cells = []
    for number, part in enumerate(question.parts, start=1):
        name = f"{answer_id}-part{number}"
        metadata = {
            "nbgrader": _metadata(name, locked=True, points=part.points),
            "tags": ["raises-exception"],  # a part that fails must not keep the rest from running
        }
        code = _test(question, number, part)
        cells.append(new_code_cell(code, id=name, metadata=metadata))
    return cells


def _test(question: Question, number: int, part: Part) -> str:
    """The code that checks one part. It needs no name from above but the answer's."""
    worth = f"{part.points} point{'s' * (part.points != 1)}"
    return (
        f"# {worth}: {part.name}\n"
        "from lora_course.interop.parts import check_part\n\n"
        f'check_part("{question.key}", {number}, {question.function})'
    )


def _metadata(
    name: str, *, solution: bool = False, locked: bool = False, points: int | None = None
) -> dict[str, Any]:
    """nbgrader's metadata of a cell, schema version 3."""
    graded = {} if points is None else {"points": points}
    return {
        "schema_version": 3,
        "grade_id": name,
        "grade": points is not None,
        "solution": solution,
        "locked": locked,
        "task": False,
        "cell_type": "code",
        **graded,
    }


def _only_imports(code: str) -> bool:
    try:
        statements = ast.parse(code).body
    except SyntaxError:  # a magic
        return False
    return bool(statements) and all(
        isinstance(statement, ast.Import | ast.ImportFrom) for statement in statements
    )


def _text(notebook: NotebookNode) -> str:
    import nbformat

    return nbformat.writes(notebook, version=4) + "\n"
