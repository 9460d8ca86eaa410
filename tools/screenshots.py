"""Take the README's pictures of chapter 4 in a real JupyterLab: `python tools/screenshots.py`.

Needs what lora_course/authoring/browser.py needs and, for the signs of a check, a font with emoji.
The server works on a copy of the notebooks. Exit status 1 when the page logged an error or asked
for another host, or when a picture came out too large.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Locator, Page

from lora_course.authoring.browser import (
    answer,
    cell_with,
    chromium,
    menu,
    open_chapter,
    run_all,
    watch,
)
from lora_course.authoring.lab import jupyterlab
from lora_course.chapters.rooms import questions_of

ROOT = Path(__file__).resolve().parent.parent
CHAPTER = "04_rank_selection.ipynb"
LARGEST = 200_000  # bytes a picture
FORGETS_LAYERS = '''def estimate_lora_params(layer_dim, rank, num_layers=32):
    """Trainable LoRA parameters: one adapted matrix in each of num_layers layers."""
    d_out, d_in = (layer_dim, layer_dim) if isinstance(layer_dim, int) else layer_dim
    return rank * (d_out + d_in)


ch04.lora_params.check(estimate_lora_params)'''


def take(page: Page, out: Path) -> list[Path]:
    """Write the pictures of the open chapter: as it opens, run, answered, and in the dark."""

    def picture(name: str, top: Locator, height: int) -> Path:
        page.set_viewport_size({"width": 1280, "height": height})
        page.wait_for_timeout(1000)  # the page draws itself anew, widgets last
        top.evaluate("cell => cell.scrollIntoView({block: 'start'})")
        page.wait_for_timeout(500)
        page.screenshot(path=out / f"{name}.png")
        return out / f"{name}.png"

    files = [picture("opened", page.locator(".jp-Cell").first, 640)]
    run_all(page)
    files += [picture("chapter", cell_with(page, "What a rank costs"), 880)]
    planted = cell_with(page, "planted_rank_explorer()")
    files += [picture("planted", planted, 540)]
    checked = answer(page, "lora_params", FORGETS_LAYERS, "That is one layer")
    files += [picture("checked_answer", checked, 560)]
    right = answer(page, "lora_params", questions_of(4)[0].solution().body, "2 of 2 points")
    files += [picture("first_check", right, 460)]
    menu(page, "Settings", "Theme", "JupyterLab Dark")
    return [*files, picture("dark", planted, 880)]


def main() -> None:
    """Take the pictures and say what went wrong in the page."""
    parser = argparse.ArgumentParser(description="Take the pictures of the running course.")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images", help="their folder")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "notebooks", Path(folder) / "notebooks")
        with jupyterlab(Path(folder)) as lab, chromium() as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 880})
            trouble = watch(page)
            open_chapter(page, lab, CHAPTER)
            files = take(page, out)
    for file in files:
        print(f"wrote {file} ({file.stat().st_size / 1000:.0f} kB)")
    trouble += [f"too large: {file}" for file in files if file.stat().st_size > LARGEST]
    if trouble:
        sys.exit("\n".join(dict.fromkeys(trouble)))


if __name__ == "__main__":
    main()
