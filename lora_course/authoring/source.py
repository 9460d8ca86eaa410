"""Read a chapter's source, a jupytext percent script, and cut it into its two notebooks.

An exercise cell is tagged "exercise" and names its question (`question="lora_params"`). In it,

    # solution
    ...           the solution keeps these lines
    # blank
    # ...         the student notebook gets these, without their "# "
    # end

marks what the two notebooks differ in; everything else is common to both.
"""

from __future__ import annotations

import re

import jupytext
import nbformat
from nbformat import NotebookNode

from lora_course.chapters.rooms import Room

REGION = re.compile(
    r"^(?P<indent> *)# solution\n(?P<solution>.*?)^ *# blank\n(?P<blank>.*?)^ *# end\n?",
    re.MULTILINE | re.DOTALL,
)
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


class SourceError(ValueError):
    """A chapter source that cannot be built, with the file and what to mend."""


def read_source(room: Room) -> NotebookNode:
    """The chapter as one notebook that still holds both the solutions and the blanks."""
    notebook = jupytext.read(room.source, fmt="py:percent")
    number = room.number
    for place, cell in enumerate(notebook.cells, start=1):
        # Ids from chapter and place (or question): the same source gives the same file.
        name = cell.metadata.get("question", f"{place:02d}")
        cell.id = f"ch{number:02d}-{name}"
        exercise = "exercise" in cell.metadata.get("tags", [])
        if exercise != bool(REGION.search(cell.source + "\n")):
            raise SourceError(
                f"{room.source}, cell {cell.id}: an exercise cell has the tag and the lines"
                " '# solution', '# blank' and '# end'; other cells have neither"
            )
        if exercise and "question" not in cell.metadata:
            raise SourceError(f'{room.source}, cell {cell.id}: add question="…" to the exercise')
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": KERNEL,
            "language_info": {"name": "python"},
            "lora_course": {"chapter": number},
        }
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def variant(notebook: NotebookNode, *, solved: bool) -> NotebookNode:
    """The student notebook, or the solution before it is executed; no outputs."""
    built = nbformat.from_dict(notebook)
    for cell in built.cells:
        if cell.cell_type == "code":
            cell.source = _choose_variant(cell.source, solved)
            cell.outputs, cell.execution_count = [], None
    nbformat.validate(built)
    return built


def _choose_variant(code: str, solved: bool) -> str:
    def choose(match: re.Match[str]) -> str:
        if solved:
            return match["solution"]
        return re.sub(r"^( *)# ?", r"\1", match["blank"], flags=re.MULTILINE)

    return REGION.sub(choose, code + "\n").rstrip("\n")


def solutions(notebook: NotebookNode) -> dict[str, str]:
    """The name of each question -> the code of its solution, for `Question.solution()`."""
    solved = variant(notebook, solved=True)
    return {
        cell.metadata["question"]: cell.source
        for cell in solved.cells
        if "question" in cell.metadata
    }
