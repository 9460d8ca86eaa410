"""The index of chapters and the glossary, as notebooks: where everything opens from."""

from __future__ import annotations

import re
from collections.abc import Sequence

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lora_course.authoring.source import KERNEL, SourceError, read_source
from lora_course.chapters.glossary import TERMS
from lora_course.chapters.rooms import Room

NAME, GLOSSARY = "index.ipynb", "glossary.ipynb"
# The first cell of each chapter says its title, its times, and what the reader measures.
OPENING = re.compile(
    r"# \d+\. (?P<title>.+)\n+Chapter \d+ of \d+ · (?P<times>.+)\n+"
    r"\*\*You will measure\*\* (?P<what>(?:.+\n)+)"
)
HEAD = """\
| | chapter | time | you measure |
|---|---|---|---|
"""
TEXT = """\
# The LoRA course

{table}

A chapter runs on one processor and without a network. Run its cells from the top with Shift+Enter,
replace the dots in the exercises, and run them again: each check says what it makes of your answer.

Something does not work? In a terminal, in the course's folder: `.venv/bin/lora-course doctor`
(on Binder `lora-course doctor`, on Windows `.venv\\Scripts\\lora-course doctor`).

A word that you do not know: the [glossary](glossary.ipynb). Questions of a minute on what you have
learnt, when they are due: `lora-course recall` in a terminal.

How far have you come?
"""
CODE = "from lora_course import progress\n\nprogress()"


def index(chapters: Sequence[Room]) -> NotebookNode:
    """The notebook: a line and a link for each chapter; SourceError for one without an opening."""
    table = chapter_table(chapters)
    cells = [
        new_markdown_cell(TEXT.format(table=table), id="index"),
        new_code_cell(CODE, id="reached"),
    ]
    notebook = new_notebook(cells=cells, metadata={"kernelspec": KERNEL})
    nbformat.validate(notebook)
    return notebook


def glossary() -> NotebookNode:
    """The notebook of the course's terms."""
    notebook = new_notebook(
        cells=[new_markdown_cell(glossary_text(), id="glossary")],
        metadata={"kernelspec": KERNEL},
    )
    nbformat.validate(notebook)
    return notebook


def glossary_text() -> str:
    """All terms as Markdown, each with the chapter that uses it first."""
    rows = [f"| **{term.name}** | {term.meaning} | {term.chapter} |" for term in TERMS]
    head = "# Glossary\n\n| term | what it means in this course | first in chapter |\n|---|---|---|"
    return "\n".join([head, *rows])


def chapter_table(chapters: Sequence[Room]) -> str:
    """All chapters as a table in Markdown, with links to their notebooks."""
    return HEAD + "\n".join(map(_row, chapters))


def about(room: Room) -> dict[str, str]:
    """What a chapter's first cell says of it: its title, its times, what one measures."""
    found = OPENING.match(read_source(room).cells[0].source + "\n")
    if not found:
        raise SourceError(
            f"{room.source}: begin with '# N. Title', 'Chapter N of 24 · times' and"
            " '**You will measure** …', a paragraph each"
        )
    return found.groupdict()


def measured(room: Room) -> str:
    """What one measures in a chapter, in one line and without a full stop."""
    return " ".join(about(room)["what"].split()).removesuffix(".")


def _row(room: Room) -> str:
    said = about(room)
    link = f"[{said['title']}]({room.notebook})"
    return f"| {room.number} | {link} | {said['times']} | {measured(room)} |"
