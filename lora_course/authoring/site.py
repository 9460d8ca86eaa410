"""The chapters as web pages, to read without Jupyter: no script, nothing loaded, math as MathML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import nbformat
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from nbformat.v4 import new_notebook
from pygments.formatters import HtmlFormatter

from lora_course.authoring.build import solution_path
from lora_course.authoring.index import about, chapter_table
from lora_course.authoring.links import binder_link
from lora_course.authoring.source import read_source, variant
from lora_course.chapters.rooms import Room
from lora_course.display.explorer import NO_CONTROLS
from lora_course.display.webpage import document, safe

LIGHT, DARK = (HtmlFormatter(style=style) for style in ("default", "github-dark"))
STYLE = f"""
body {{ max-width: 57rem; }}
p, ul {{ max-width: 48rem; }}
nav {{ display: flex; flex-wrap: wrap; gap: .4rem 1.5rem; margin-bottom: 1.5rem; }}
a {{ color: var(--accent); }}
@media print, (prefers-color-scheme: light) {{
{LIGHT.get_style_defs(".highlight")}
}}
@media screen and (prefers-color-scheme: dark) {{
{DARK.get_style_defs(".highlight")}
}}
pre {{ overflow-x: auto; margin: .4rem 0; padding: .6rem .8rem; font-size: .85rem;
  line-height: 1.45; overflow-wrap: normal; }}
.highlight, .highlight pre {{ background: var(--code); border-radius: 4px; }}
:root {{ --code: #f4f4f7; }}
@media (prefers-color-scheme: dark) {{ :root {{ --code: #1f2128; }} }}
.output {{ margin: .4rem 0 1.2rem; overflow-x: auto; }}
.output img {{ min-width: 34rem; }}  /* on a telephone: scrolled rather than too small to read */
.output pre {{ border-left: 3px solid var(--line); }}
.output th, .output td {{ text-align: left; border: 0; padding: .15rem .45rem; }}
.output table {{ width: auto; display: block; overflow-x: auto; }}
.text_cell th, .text_cell td {{ text-align: left; white-space: normal; vertical-align: top;
  min-width: 0; overflow-wrap: break-word; }}
.text_cell table {{ display: block; overflow-x: auto; }}
details {{ border: 1px solid var(--line); border-radius: 4px; padding: .5rem .8rem;
  margin: .6rem 0; }}
summary {{ cursor: pointer; font-weight: 600; }}
math {{ font-size: 1.05em; }}
mfrac {{ math-style: normal; }}  /* letters of full size in a line of text, too */
"""
READING = """\
To do the exercises and move the controls, run the notebooks: on your own machine with `make lab`,
or on Binder by the link at the top of each chapter.
"""
# Where a notebook says what to do when it shows no controls.
STILL = "<p><em>One setting of several: in Jupyter, sliders move it.</em></p>"


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
    """Write a page for each chapter, from its executed solution, and an index; the files.

    FileNotFoundError when a chapter has not been built.
    """
    out.mkdir(parents=True, exist_ok=True)
    written = [out / "index.html"]
    body = markdown(f"# The LoRA course\n\n{chapter_table(chapters, '.html')}\n\n{READING}")
    written[0].write_text(
        document("The LoRA course", [f'<div class="text_cell">{body}</div>'], STYLE),
        encoding="utf-8",
    )
    for room in chapters:
        path = (out / room.notebook).with_suffix(".html")
        path.write_text(chapter_page(room, notebooks), encoding="utf-8")
        written.append(path)
    return written


def chapter_page(room: Room, notebooks: Path) -> str:
    """One chapter: its text, code and outputs; an exercise blank, its solution folded in."""
    solution = solution_path(room, notebooks)
    if not solution.exists():
        raise FileNotFoundError(f"{solution}: not there yet; run: lora-course build")
    executed = nbformat.read(solution, as_version=4)
    blanks = {cell.id: cell for cell in variant(read_source(room), solved=False).cells}
    export = _exporter(executed.metadata)
    parts = [_navigation(room)]
    for cell in executed.cells:
        if "question" in cell.metadata:
            parts += [export(blanks[cell.id]), _folded(export(cell))]
        else:
            parts.append(export(cell))
    title = about(room)["title"]
    return document(f"{title} · The LoRA course", parts, STYLE, images=True)


def _exporter(metadata: NotebookNode) -> Callable[[NotebookNode], str]:
    """From one cell of a notebook with that metadata to HTML, by nbconvert."""
    exporter = HTMLExporter(
        template_name="basic", exclude_input_prompt=True, exclude_output_prompt=True
    )
    exporter.register_filter("markdown2html", markdown)

    def export(cell: NotebookNode) -> str:
        body, _ = exporter.from_notebook_node(new_notebook(cells=[cell], metadata=metadata))
        return str(body).strip().replace(NO_CONTROLS, STILL)

    return export


def _folded(content: str) -> str:
    return f"<details><summary>A solution, and what its check says</summary>\n{content}\n</details>"


def _navigation(room: Room) -> str:
    notebook = Path("notebooks", room.notebook)
    return (
        '<nav aria-label="course"><a href="index.html">All chapters</a>'
        f'<a href="{safe(binder_link(notebook))}">Run this chapter on Binder</a></nav>'
    )
