"""The site's front page: what the course is, for whom, what it looks like, and where to begin."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from nbformat import NotebookNode

from lora_course.authoring.index import about, measured
from lora_course.authoring.links import binder_link, repository
from lora_course.authoring.source import read_source
from lora_course.chapters.rooms import Room
from lora_course.chapters.syllabus import PARTS
from lora_course.display.webpage import safe

TITLE = "The LoRA course"
# As the README says it; a test compares.
LEAD = """\
Learn how low-rank adaptation works, and how to pick its rank, by measuring it: on a laptop, on one
CPU core, without a GPU, an account or a download."""
NEED = re.compile(r"\*\*You need\*\* (?P<need>(?:.+\n)+)")
CLAIM = re.compile(r"\bclaim\(")
RUN = """\
On your own machine, `make lab` sets everything up and opens the chapters in JupyterLab; Binder
opens them without installing anything. These pages are for reading: their controls move, but the
exercises need the notebooks.
"""


def front(
    chapters: Sequence[Room],
    solutions: Sequence[NotebookNode],
    figure: str,
    markdown: Callable[[str], str],
) -> list[str]:
    """The parts of the page. `figure`: HTML of a figure of the first chapter's solution."""
    first = chapters[0]
    start = f"Start with chapter {first.number}: {safe(about(first)['title'])}"
    binder = safe(binder_link(Path("notebooks", first.notebook)))
    return [
        f"<h1>{TITLE}</h1>",
        f'<p class="lead">{safe(" ".join(LEAD.split()))}</p>',
        markdown(counted(chapters, solutions)),
        markdown(f"**For you, if you know** {needs(first)}"),
        f'<p class="ways"><a class="start" href="{page_name(first)}">{start}</a>'
        f'<a href="{binder}">Run it on Binder</a>'
        f'<a href="https://github.com/{safe(repository())}#start">Run it on your machine</a></p>',
        f'<figure class="shown">{figure}<figcaption>'
        + markdown(f"From chapter {first.number}, in which you measure {measured(first)}.")
        + "</figcaption></figure>",
        "<h2>The chapters</h2>",
        '<ol class="chapters">',
        *(_card(room, markdown) for room in chapters),
        "</ol>",
        markdown(RUN),
    ]


def counted(chapters: Sequence[Room], solutions: Sequence[NotebookNode]) -> str:
    """How much there is, in numbers that are counted here."""
    questions = sum(len(room.questions()) for room in chapters)
    claims = sum(
        len(CLAIM.findall(cell.source))
        for solution in solutions
        for cell in solution.cells
        if cell.cell_type == "code"
    )
    return (
        f"{len(chapters)} chapters of {PARTS[-1].numbers[-1]} are ready. What they say is measured"
        f" by their own cells: {claims} claims, each of which stops the notebook where it does not"
        f" hold. {questions} questions check the code that you write, and name the mistake that it"
        " looks like."
    )


def needs(room: Room) -> str:
    """What a chapter's first cell says that one needs to know."""
    found = NEED.search(read_source(room).cells[0].source + "\n")
    return " ".join(found["need"].split()) if found else "Python."


def page_name(room: Room) -> str:
    """What a chapter's page is called."""
    return Path(room.notebook).with_suffix(".html").name


def _card(room: Room, markdown: Callable[[str], str]) -> str:
    said = about(room)
    what = markdown(f"You measure {measured(room)}.")
    return (
        f'<li><h3>{room.number}. <a href="{page_name(room)}">{safe(said["title"])}</a></h3>'
        f'<p class="soft">{safe(said["times"])}</p>{what}</li>'
    )
