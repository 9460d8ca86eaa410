"""The rank explorer: how soon a moved slider shows its figures, in the kernel and in a browser."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from benchmarks.rows import Row, at_most
from lora_course.authoring.source import KERNEL
from lora_course.widgets import Explorer, rank_explorer

MOVES = 30
CELL = "from lora_course.widgets import rank_explorer\n\nrank_explorer()"
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
    slider = _slider(rank_explorer())
    seconds = []
    for move in range(MOVES):
        start = time.process_time()
        slider.value = slider.options[move % 2]
        seconds.append(time.process_time() - start)
    what = "the rank explorer answers a slider, in the kernel"
    rows = [Row("explorer.kernel", what, 1000 * statistics.median(seconds), "ms")]
    from lora_course.authoring.browser import CHROMIUM

    if Path(CHROMIUM).exists():
        answered = statistics.median(key_to_picture())
        what = "the same, from key to picture, in JupyterLab in Chromium (wall)"
        rows.append(Row("explorer.browser", what, answered, "ms", at_most(100)))
    return rows


def key_to_picture() -> list[float]:
    """Milliseconds of each of MOVES moves of the rank's slider, by arrow key."""
    from lora_course.authoring.browser import chromium, open_chapter, run_all
    from lora_course.authoring.lab import jupyterlab

    milliseconds = []
    home = Path(tempfile.mkdtemp(prefix="explorer-"))
    try:
        (home / "notebooks").mkdir()
        made = new_notebook(cells=[new_code_cell(CELL)], metadata={"kernelspec": KERNEL})
        nbformat.write(made, home / "notebooks" / "explorer.ipynb")
        with jupyterlab(home) as (url, token), chromium() as browser:
            page = browser.new_page()
            open_chapter(page, url, token, "explorer.ipynb")
            run_all(page)
            view = page.locator(".widget-html-content").last
            handle = page.locator(".widget-slider .noUi-handle").first
            handle.focus()
            for move in range(MOVES):
                view.evaluate(WATCH)
                handle.press("ArrowLeft" if move % 2 else "ArrowRight")
                page.wait_for_function("window.took !== null")
                milliseconds.append(page.evaluate("window.took"))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return milliseconds


def _slider(explorer: Explorer) -> Any:
    return next(one for one in explorer.children if one.description == "rank r")
