"""The chapters as web pages, to read without Jupyter: no script, nothing loaded, math as MathML."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from lora_course.authoring.build import solution_path
from lora_course.authoring.index import GLOSSARY, about, glossary_text
from lora_course.authoring.links import binder_link
from lora_course.authoring.site_explorer import IMAGE, live, movable_figures, rules
from lora_course.authoring.site_front import TITLE, front, page_name
from lora_course.authoring.site_style import STYLE
from lora_course.authoring.source import read_source, variant
from lora_course.authoring.views import chapter_views
from lora_course.chapters.rooms import Room
from lora_course.display.explorer import NO_CONTROLS
from lora_course.display.webpage import document, safe

HOME = '<a href="index.html">All chapters</a>'
LINK = re.compile(r'(?<=href=")[^"]+\.ipynb(?=")')


class _Mathml(IPythonRenderer):
    """Markdown to HTML with formulas in the browser's own language."""

    def inline_math(self, body: str) -> str:
        return str(convert(body))

    def block_math(self, body: str) -> str:
        return str(convert(body, display="block"))

    def latex_environment(self, name: str, body: str) -> str:
        return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")


def markdown(source: str) -> str:
    """Markdown with `$…$`, `$$…$$` and LaTeX environments as HTML."""
    return str(
        MarkdownWithMath(renderer=_Mathml(escape=False, exclude_anchor_links=True)).render(source)
    )


def write_site(chapters: Sequence[Room], notebooks: Path, out: Path) -> list[Path]:
    """Write a page for each chapter, from its executed solution, and a front page; the files.

    FileNotFoundError when a chapter has not been built.
    """
    out.mkdir(parents=True, exist_ok=True)
    solutions = [_solution(room, notebooks) for room in chapters]
    written = [out / "index.html"]
    for place, (room, solution) in enumerate(zip(chapters, solutions, strict=True)):
        path = out / page_name(room)
        path.write_text(chapter_page(chapters, place, solution), encoding="utf-8")
        written.append(path)
    parts = front(chapters, solutions, first_figure(solutions[0]), markdown)
    page = _led(movable_figures("\n".join(parts)), chapters)
    written[0].write_text(document(TITLE, [page], STYLE, images=True), encoding="utf-8")
    written.append(out / _pages(chapters)[GLOSSARY])
    written[-1].write_text(glossary_page(), encoding="utf-8")
    return written


def glossary_page() -> str:
    """The terms of the course, and the way back."""
    way = f'<nav aria-label="chapters">{HOME}</nav>'
    terms = f'<div class="text_cell">{markdown(glossary_text())}</div>'
    return document(f"Glossary · {TITLE}", [way, terms], STYLE)


def _pages(chapters: Sequence[Room]) -> dict[str, str]:
    """The page that each notebook has here."""
    glossary = Path(GLOSSARY).with_suffix(".html").name
    return {room.notebook: page_name(room) for room in chapters} | {GLOSSARY: glossary}


def _led(page: str, chapters: Sequence[Room]) -> str:
    """The page with its links to notebooks leading to their pages."""
    pages = _pages(chapters)
    return LINK.sub(lambda link: pages.get(link[0], link[0]), page)


def _solution(room: Room, notebooks: Path) -> NotebookNode:
    path = solution_path(room, notebooks)
    if not path.exists():
        raise FileNotFoundError(f"{path}: not there yet; run: lora-course build")
    return nbformat.read(path, as_version=4)


def chapter_page(chapters: Sequence[Room], place: int, solution: NotebookNode) -> str:
    """One chapter: its text, code and outputs; an exercise blank, its solution folded in."""
    room = chapters[place]
    blanks = {cell.id: cell for cell in variant(read_source(room), solved=False).cells}
    told = chapter_views(room, solution)
    export = _exporter(solution.metadata, told)
    parts = []
    for cell in solution.cells:
        if "question" in cell.metadata:
            parts += [export(blanks[cell.id]), _folded(export(cell))]
        else:
            parts.append(export(cell))
    page = _led(movable_figures("\n".join(parts)), chapters)
    before, after = _ways(chapters, place)
    return document(
        f"{about(room)['title']} · {TITLE}",
        [before, page, after],
        STYLE + rules(told.values()),
        True,
    )


def _exporter(metadata: NotebookNode, told: Mapping[str, Any]) -> Callable[[NotebookNode], str]:
    """From one cell of a notebook with that metadata to HTML, by nbconvert.

    `told`: what the explorer of a cell shows.
    """
    exporter = HTMLExporter(
        template_name="basic", exclude_input_prompt=True, exclude_output_prompt=True
    )
    exporter.register_filter("markdown2html", markdown)

    def export(cell: NotebookNode) -> str:
        cell = nbformat.from_dict(cell)
        if cell.cell_type == "code":
            for output in cell.get("outputs", ()):
                if cell.id in told and NO_CONTROLS in output.get("data", {}).get("text/html", ""):
                    output.data["text/html"] = live(cell.id, told[cell.id])
        body, _ = exporter.from_notebook_node(new_notebook(cells=[cell], metadata=metadata))
        return str(body).strip()

    return export


def first_figure(solution: NotebookNode) -> str:
    """The first figure that a solution shows, as HTML; what explorers show is passed over."""
    for cell in solution.cells:
        for output in cell.get("outputs", ()):
            shown = _exporter(solution.metadata, {})(new_code_cell(outputs=[output], id=cell.id))
            picture = IMAGE.search(shown)
            if picture and NO_CONTROLS not in shown:
                return picture[0]
    raise ValueError("the first chapter's solution shows no figure; build it")


def _folded(content: str) -> str:
    return f"<details><summary>A solution, and what its check says</summary>\n{content}\n</details>"


def _ways(chapters: Sequence[Room], place: int) -> tuple[str, str]:
    """The links above and below a chapter: to its neighbours, to all, and to run it."""
    links = [HOME]
    if place > 0:
        links.insert(0, _neighbour(chapters[place - 1], "prev", "← {}"))
    if place + 1 < len(chapters):
        links.append(_neighbour(chapters[place + 1], "next", "{} →"))
    binder = safe(binder_link(Path("notebooks", chapters[place].notebook)))
    run = f'<nav aria-label="this chapter"><a href="{binder}">Run this chapter on Binder</a></nav>'
    joined = "".join(links)
    return (
        f'<nav aria-label="chapters">{joined}</nav>{run}',
        f'<nav class="after" aria-label="chapters, again">{joined}</nav>',
    )


def _neighbour(room: Room, which: str, text: str) -> str:
    title = text.format(f"{room.number}. {safe(about(room)['title'])}")
    return f'<a class="{which}" rel="{which}" href="{page_name(room)}">{title}</a>'
