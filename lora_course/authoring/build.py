"""Build the notebooks: write the student's, execute and write the solution."""

from __future__ import annotations

import ast
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from lora_course import learner
from lora_course.authoring.index import GLOSSARY, NAME, glossary, index
from lora_course.authoring.nbgrader import assignment
from lora_course.authoring.source import SourceError, read_source, solutions, variant
from lora_course.chapters.rooms import Room, rooms
from lora_course.display.plots import SERVED
from lora_course.grading.cell_code import digest

WIDGET = "application/vnd.jupyter.widget-view+json"
# A notebook is executed without a network.
SETTINGS = {
    "HF_HUB_OFFLINE": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "JUPYTER_PLATFORM_DIRS": "1",
}


def student_path(room: Room, folder: Path) -> Path:
    """The notebook that learners open, in the course's folder of notebooks."""
    return folder / room.notebook


def solution_path(room: Room, folder: Path) -> Path:
    """The executed solution, beside the learners' notebooks."""
    return folder / "solutions" / room.notebook


def write_index(folder: Path) -> list[Path]:
    """Write the index of all chapters and the glossary into the folder of notebooks."""
    pages = {folder / NAME: index(rooms()), folder / GLOSSARY: glossary()}
    for path, notebook in pages.items():
        path.write_text(text(notebook), encoding="utf-8")
    return list(pages)


def text(notebook: NotebookNode) -> str:
    """The file's text: the same notebook always gives the same bytes."""
    return nbformat.writes(notebook, version=4) + "\n"


@contextmanager
def offline() -> Iterator[None]:
    """The environment in which a chapter's code runs: no network, no server, no one's progress."""
    before = dict(os.environ)
    os.environ.update(SETTINGS)
    os.environ.pop(SERVED, None)  # where a notebook builds another
    with tempfile.TemporaryDirectory() as scratch:
        os.environ[learner.VARIABLE] = str(Path(scratch, "progress.json"))  # not the author's own
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def execute(notebook: NotebookNode, folder: Path, cell_timeout: int = 600) -> NotebookNode:
    """Run all cells in a fresh kernel, outputs kept; nbclient's error at the first failure."""
    client = NotebookClient(
        notebook,
        timeout=cell_timeout,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        store_widget_state=False,
    )
    with offline():
        client.execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            for output in cell.outputs:  # a widget's HTML view in its place: it needs no kernel
                output.get("data", {}).pop(WIDGET, None)
            cell.outputs = merged_streams(o for o in cell.outputs if o.get("data") != {})
    return notebook


def merged_streams(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """The outputs, what was printed in several pieces as one: the pieces come as time has it."""
    merged: list[NotebookNode] = []
    for output in map(nbformat.from_dict, outputs):
        before = merged[-1] if merged else {}
        if output.output_type == "stream" and output.name == before.get("name"):
            before["text"] += output.text
        else:
            merged.append(output)
    return merged


def course_cells(room: Room) -> dict[str, list[str]]:
    """What the grader knows the code cells again by that are no exercises: digests and imports.

    Those that nbgrader adds to the chapter are among them.
    """
    codes = [
        cell.source
        for cell in assignment(room).cells
        if cell.cell_type == "code" and "question" not in cell.metadata
    ]
    imports = [
        str(ast.get_source_segment(code, node))
        for code in codes
        for node in ast.parse(code).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    return {"cells": list(map(digest, codes)), "imports": list(dict.fromkeys(imports))}


def build(room: Room, folder: Path, *, run: bool = True) -> list[Path]:
    """Build one chapter into the folder of notebooks; returns what was written.

    `run=False` leaves the solution as it is.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder; give the course's folder of notebooks")
    chapter = read_source(room)
    student, solution = student_path(room, folder), solution_path(room, folder)
    student.write_text(text(variant(chapter, solved=False)), encoding="utf-8")
    content: dict[str, object] = {"solutions": solutions(chapter), **course_cells(room)}
    if chapter.cells[0].metadata.get("draft"):
        content["draft"] = True
    room.built.write_text(
        json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    written = [student, room.built]
    if run:
        executed = _solved(room, variant(chapter, solved=True), folder)
        solution.parent.mkdir(exist_ok=True)
        solution.write_text(text(executed), encoding="utf-8")
        written.append(solution)
    return written


def _solved(room: Room, notebook: NotebookNode, folder: Path) -> NotebookNode:
    """The executed solution; SourceError, with the cell and what it raised, where it fails."""
    try:
        return execute(notebook, folder)
    except CellExecutionError as error:
        failed = next(
            cell.id
            for cell in notebook.cells
            if any(output.output_type == "error" for output in cell.get("outputs", ()))
        )
        raise SourceError(
            f"{room.source}, cell {failed}: the solution raised {error.ename}: {error.evalue}"
        ) from error
