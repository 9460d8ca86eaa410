"""Build the notebooks: write the student's, execute and write the solution."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from lora_course.authoring.index import NAME, index
from lora_course.authoring.nbgrader import assignment
from lora_course.authoring.source import chapter_number, read_source, solutions, variant
from lora_course.checks import progress
from lora_course.grading.course_cells import CELLS, digest

PACKAGE = Path(__file__).parent.parent
SOLUTIONS = PACKAGE / "checks" / "solutions.json"
COURSE_CELLS = PACKAGE / "grading" / CELLS
WIDGET = "application/vnd.jupyter.widget-view+json"
# A notebook is executed as on Binder: one thread, no network.
SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "HF_HUB_OFFLINE": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "JUPYTER_PLATFORM_DIRS": "1",
}


def student_path(source: Path) -> Path:
    """notebooks/source/04_x.py -> notebooks/04_x.ipynb."""
    return source.parent.parent / f"{source.stem}.ipynb"


def solution_path(source: Path) -> Path:
    """notebooks/source/04_x.py -> notebooks/solutions/04_x.ipynb."""
    return source.parent.parent / "solutions" / f"{source.stem}.ipynb"


def sources(folder: Path) -> list[Path]:
    """All chapter sources below a notebooks folder, in order."""
    found = sorted((folder / "source").glob("[0-9][0-9]_*.py"))
    if not found:
        raise FileNotFoundError(f"{folder}: holds no source/NN_name.py; is this the right folder?")
    return found


def write_index(folder: Path) -> Path:
    """Write the index of all chapters below a notebooks folder."""
    path = folder / NAME
    path.write_text(text(index(sources(folder))), encoding="utf-8")
    return path


def chapter_source(folder: Path, chapter: int) -> Path:
    """The source of one chapter below a notebooks folder; ValueError when there is none."""
    for source in sources(folder):
        if chapter_number(source) == chapter:
            return source
    raise ValueError(f"there is no chapter {chapter} in {folder}")


def text(notebook: NotebookNode) -> str:
    """The file's text: the same notebook always gives the same bytes."""
    return nbformat.writes(notebook, version=4) + "\n"


@contextmanager
def _environment() -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(SETTINGS)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def execute(notebook: NotebookNode, folder: Path, cell_timeout: int = 120) -> NotebookNode:
    """Run all cells in a fresh kernel, outputs kept; nbclient's error at the first failure."""
    client = NotebookClient(
        notebook,
        timeout=cell_timeout,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        store_widget_state=False,
    )
    with _environment(), tempfile.TemporaryDirectory() as scratch:
        os.environ[progress.VARIABLE] = str(Path(scratch, "progress.json"))  # not the author's own
        client.execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            for output in cell.outputs:  # a widget's HTML view in its place: it needs no kernel
                output.get("data", {}).pop(WIDGET, None)
            cell.outputs = [output for output in cell.outputs if output.get("data") != {}]
    return notebook


def course_cells(source: Path) -> list[str]:
    """Digests of the code cells that are no exercises: the grader knows them again by these.

    Those that nbgrader adds to the chapter are among them.
    """
    return [
        digest(cell.source)
        for cell in assignment(source).cells
        if cell.cell_type == "code" and "question" not in cell.metadata
    ]


def _replace_entries(path: Path, prefix: str, entries: dict[str, Any]) -> None:
    """Write `entries` into a file of all chapters, in place of those that begin with `prefix`."""
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    others = {name: value for name, value in known.items() if not name.startswith(prefix)}
    merged = dict(sorted((others | entries).items()))
    path.write_text(json.dumps(merged, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def build(source: Path, *, run: bool = True) -> list[Path]:
    """Build one chapter; returns what was written. `run=False` leaves the solution as it is."""
    chapter = read_source(source)
    student, solution = student_path(source), solution_path(source)
    written = [student, SOLUTIONS, COURSE_CELLS]
    student.write_text(text(variant(chapter, solved=False)), encoding="utf-8")
    prefix = f"ch{source.name[:2]}."
    _replace_entries(SOLUTIONS, prefix, solutions(chapter))
    _replace_entries(COURSE_CELLS, source.name[:2], {source.name[:2]: course_cells(source)})
    if run:
        executed = execute(variant(chapter, solved=True), solution.parent)
        solution.parent.mkdir(exist_ok=True)
        solution.write_text(text(executed), encoding="utf-8")
        written.append(solution)
    return written
