"""The rank explorer: how soon a moved slider shows its figures, in the kernel and in a browser."""

from __future__ import annotations

import statistics
import tempfile
from functools import partial
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from benchmarks.clock import rounds
from benchmarks.rows import Row, at_most
from lora_course.authoring.browser import chromium, open_chapter, run_all
from lora_course.authoring.lab import CHROMIUM, jupyterlab
from lora_course.authoring.source import KERNEL
from lora_course.memory.explorer import rank_explorer

MOVES = 30
CELL = "from lora_course.memory.explorer import rank_explorer\n\nrank_explorer()"
# From the key to the frame that shows what it changed, by the page's own clock.
WATCH = """view => {
    window.took = null
    document.addEventListener('keydown', key => { window.pressed = key.timeStamp },
                              {capture: true, once: true})
    new MutationObserver((_, observer) => {
        observer.disconnect()
        requestAnimationFrame(() => { window.took = performance.now() - window.pressed })
    }).observe(view, {childList: true, subtree: true, characterData: true})
}"""


def measure() -> list[Row]:
    """CPU time in the kernel; and from key to picture, where there is a Chromium."""
    slider = next(one for one in rank_explorer().children if one.description == "rank r")
    ends = {str(end): partial(setattr, slider, "value", end) for end in slider.options[:2]}
    seconds = [second for each in rounds(ends, MOVES // 2).values() for second in each]
    what = "the rank explorer answers a slider, in the kernel"
    rows = [Row("explorer.kernel", what, 1000 * statistics.median(seconds), "ms")]
    if Path(CHROMIUM).exists():
        answered = statistics.median(key_to_picture())
        what = "the same, from key to picture, in JupyterLab in Chromium (wall)"
        rows.append(Row("explorer.browser", what, answered, "ms", at_most(100)))
    return rows


def key_to_picture() -> list[float]:
    """Milliseconds of each of MOVES moves of the rank's slider, by arrow key."""
    milliseconds = []
    with tempfile.TemporaryDirectory(prefix="explorer-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        (home / "notebooks").mkdir()
        made = new_notebook(cells=[new_code_cell(CELL)], metadata={"kernelspec": KERNEL})
        nbformat.write(made, home / "notebooks" / "explorer.ipynb")
        with jupyterlab(home) as lab, chromium() as browser:
            page = browser.new_page()
            open_chapter(page, lab, "explorer.ipynb")
            run_all(page)
            view = page.locator(".widget-html-content").last
            handle = page.locator(".widget-slider .noUi-handle").first
            handle.focus()
            for move in range(MOVES):
                view.evaluate(WATCH)
                handle.press("ArrowLeft" if move % 2 else "ArrowRight")
                page.wait_for_function("window.took !== null")
                milliseconds.append(page.evaluate("window.took"))
    return milliseconds
