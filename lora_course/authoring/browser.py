"""Drive a chapter in JupyterLab as a learner does, in an installed Chromium.

Needs the browser extra (`pip install -e ".[browser]"`) and a Chromium; the environment variable
CHROMIUM says where, if not in the usual place. The browser reaches this machine alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from lora_course.authoring.lab import CHROMIUM, HOST, WATCHDOG, Lab, ask

FLAGS = f"""--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-dev-shm-usage
--disable-background-networking --disable-component-update --disable-sync
--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HOST}"""
PATIENCE = WATCHDOG * 1000  # milliseconds
ERRORS = ".jp-OutputArea-output[data-mime-type*='error']"
RAN = re.compile(r"\[\d+\]")
STEADY, FORGOTTEN, TRIES = 10, 50, 3  # tenths of a second, and how often cells are run


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser that cannot reach anything but this machine."""
    with sync_playwright() as playwright:
        flags = re.split(r"\s+(?=--)", FLAGS)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        try:
            yield browser
        finally:
            browser.close()


def open_chapter(page: Page, lab: Lab, chapter: str) -> None:
    """Open the chapter, wait for its kernel, close the side bar.

    The page says "idle" before there is a kernel, so the server is asked; for a second in a row, as
    the page may connect anew.
    """
    page.goto(f"{lab.url}lab/tree/{chapter}?reset&token={lab.token}")
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=PATIENCE)
    idle = 0
    for _ in range(WATCHDOG * 10):
        kernels = [session["kernel"] for session in ask(lab.url, lab.token, "sessions")]
        ready = any(k["execution_state"] == "idle" and k["connections"] for k in kernels)
        idle = idle + 1 if ready else 0
        if idle == STEADY:
            page.keyboard.press("Control+b")
            return
        page.wait_for_timeout(100)
    raise TimeoutError(f"the notebook's kernel did not become idle within {WATCHDOG} s")


def menu(page: Page, first: str, *labels: str) -> None:
    """Choose an entry of the menu bar; every label but the last opens a menu."""
    page.locator("#jp-menu-panel .lm-MenuBar-itemLabel", has_text=first).click()
    for label in labels:
        page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{label}$")).click()


def cell_with(page: Page, text: str) -> Locator:
    """The first cell whose own source, code or Markdown, holds `text`."""
    source = page.locator(".jp-Cell-inputWrapper", has_text=text).first
    return source.locator("xpath=ancestor::*[contains(@class, 'jp-Cell ')][1]")


def run_all(page: Page) -> None:
    """Run the open chapter's cells, and wait for the last one.

    When JupyterLab connects to its kernel anew, it forgets the cells that wait, and their prompts
    are empty again. Then they are run once more, as one would.
    """
    last = page.locator(".jp-CodeCell .jp-InputPrompt").last
    menu(page, "Run", "Run All Cells")
    forgotten, again = 0, TRIES
    for _ in range(WATCHDOG * 10):
        prompt = last.inner_text()
        if RAN.search(prompt):
            return
        forgotten = 0 if "*" in prompt else forgotten + 1
        if forgotten == FORGOTTEN:
            again -= 1
            errors = page.locator(ERRORS).all_inner_texts()
            if errors or not again:
                raise AssertionError(f"the last cell did not run: {errors or prompt}")
            menu(page, "Run", "Run All Cells")
            forgotten = 0
        page.wait_for_timeout(100)
    raise TimeoutError(f"the last cell did not finish within {WATCHDOG} s")


def answer(page: Page, question: str, code: str, expected: str) -> Locator:
    """Replace the cell of `question` by `code`, run it and wait for `expected`; the cell."""
    cell = cell_with(page, f"{question}.check(")
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(code)
    page.keyboard.press("Control+Enter")
    expect(cell.locator(".jp-OutputArea")).to_contain_text(expected, timeout=PATIENCE)
    return cell


def watch(page: Page) -> list[str]:
    """A list that fills with the page's errors and its requests to any other host."""
    trouble: list[str] = []

    def request(url: str) -> None:
        if urlsplit(url).scheme not in ("blob", "data") and urlsplit(url).hostname != HOST:
            trouble.append(f"request: {url}")

    page.on("console", lambda m: trouble.extend([f"console: {m.text}"] * (m.type == "error")))
    page.on("pageerror", lambda error: trouble.append(f"uncaught: {error}"))
    page.on("request", lambda asked: request(asked.url))
    page.on("websocket", lambda socket: request(socket.url))
    return trouble
