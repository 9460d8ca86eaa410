"""Take the README's pictures of a chapter in a real JupyterLab: `python tools/screenshots.py 4`.

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
    chromium,
    menu,
    open_chapter,
    run_all,
    watch,
)
from lora_course.authoring.lab import jupyterlab
from lora_course.chapters.rooms import Room, room_of
from lora_course.checks.result import Outcome

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 200_000  # bytes a picture
EXPLORER = "xpath=ancestor::*[contains(@class, 'jp-Cell ')][1]"


def take(page: Page, room: Room, out: Path) -> list[Path]:
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
    explorers = page.locator(".lora-explorer")
    above = explorers.first.locator(f"{EXPLORER}/preceding-sibling::*[1]")
    files += [picture("chapter", above, 880)]
    last = explorers.last.locator(EXPLORER)
    files += [picture("planted", last, 540)]
    question = room.questions()[0]
    code, told = wrong_answer(room)
    checked = answer(page, question.key, f"{code}\n\n{question.key}.check(answer)", told)
    files += [picture("checked_answer", checked, 560)]
    passed = f"{question.max_points} of {question.max_points} points"
    right = answer(page, question.key, question.solution().body, passed)
    files += [picture("first_check", right, 460)]
    menu(page, "Settings", "Theme", "JupyterLab Dark")
    return [*files, picture("dark", last, 880)]


def wrong_answer(room: Room) -> tuple[str, str]:
    """A wrong answer to the first question, of those that its tests know, and what it is told."""
    sys.path.insert(0, str(ROOT))
    from tests.chapters.fixture import answers_of

    table = answers_of(room)[room.questions()[0].name]
    wrong = next(f for f in table if f.outcome is Outcome.INCORRECT and f.mistake and f.words)
    return wrong.code, wrong.words


def main() -> None:
    """Take the pictures and say what went wrong in the page."""
    parser = argparse.ArgumentParser(description="Take the pictures of the running course.")
    parser.add_argument("chapter", type=int, help="whose pictures: its number")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images", help="their folder")
    options = parser.parse_args()
    out: Path = options.out
    room = room_of(options.chapter)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "notebooks", Path(folder) / "notebooks")
        with jupyterlab(Path(folder)) as lab, chromium() as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 880})
            trouble = watch(page)
            open_chapter(page, lab, room.notebook)
            files = take(page, room, out)
    for file in files:
        print(f"wrote {file} ({file.stat().st_size / 1000:.0f} kB)")
    trouble += [f"too large: {file}" for file in files if file.stat().st_size > LARGEST]
    if trouble:
        sys.exit("\n".join(dict.fromkeys(trouble)))


if __name__ == "__main__":
    main()
