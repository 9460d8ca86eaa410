"""Take the README's pictures of chapter 4 in a real JupyterLab: `python tools/screenshots.py`.

Needs the browser extra (`pip install -e ".[browser]"`), a Chromium (the environment variable
CHROMIUM says where) and, for the signs of a check, a font with emoji. The server works on a copy
of the notebooks and the browser reaches this machine alone. Exit status 1 when the page logged an
error or asked for another host, or when a picture came out too large.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
CHAPTER = "04_rank_selection.ipynb"
HOST = "127.0.0.1"
LARGEST = 200_000  # bytes a picture
FLAGS = f"""--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-dev-shm-usage
--disable-background-networking --disable-component-update --disable-sync
--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HOST}"""
JUPYTER_FOLDERS = ["JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR"]
JUPYTER_FOLDERS += ["JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR"]
# All cells stay in the page, typed code arrives as it is, and nobody asks for news.
SETTINGS = {
    "notebook-extension/tracker": '{"windowingMode": "none",'
    ' "codeCellConfig": {"autoClosingBrackets": false}}',
    "apputils-extension/notification": '{"fetchNews": "false", "checkForUpdates": false,'
    ' "doNotDisturbMode": true}',
}
FORGETS_LAYERS = '''def estimate_lora_params(layer_dim, rank, num_layers=32):
    """Trainable LoRA parameters: one adapted matrix in each of num_layers layers."""
    d_out, d_in = (layer_dim, layer_dim) if isinstance(layer_dim, int) else layer_dim
    return rank * (d_out + d_in)


ch04.lora_params.check(estimate_lora_params)'''


@contextmanager
def jupyterlab(home: Path) -> Iterator[tuple[str, str]]:
    """A server whose files, settings and state all lie in `home`; yields its URL and token."""
    for name, value in SETTINGS.items():
        file = home / "JUPYTERLAB_SETTINGS_DIR" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(value, encoding="utf-8")
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ip={HOST}"]
    command += ["--port=0", f"--ServerApp.root_dir={home / 'notebooks'}"]
    command += [f"--IdentityProvider.token={secrets.token_hex(16)}"]
    command += ["--LabApp.extension_manager=readonly"]
    environment = os.environ | {name: str(home / name) for name in JUPYTER_FOLDERS}
    log = home / "server.log"
    with log.open("wb") as stream:
        server = subprocess.Popen(command, env=environment, stdout=stream, stderr=stream)
    try:
        yield _address(server, home / "JUPYTER_RUNTIME_DIR", log)
    finally:
        server.terminate()
        server.wait(30)


def _address(server: subprocess.Popen[bytes], runtime: Path, log: Path) -> tuple[str, str]:
    """URL and token of `server`, from the file that it writes, as soon as it answers."""
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        for file in runtime.glob("jpserver-*.json"):
            with suppress(OSError, ValueError):  # half written, or not listening yet
                found = json.loads(file.read_text(encoding="utf-8"))
                ask(found["url"], found["token"], "status")
                return found["url"], found["token"]
        time.sleep(0.1)
    raise RuntimeError("JupyterLab did not start:\n" + log.read_text(encoding="utf-8"))


def ask(url: str, token: str, what: str) -> Any:
    """GET api/`what` of the server, as data."""
    with urllib.request.urlopen(f"{url}api/{what}?token={token}", timeout=10) as answer:
        return json.load(answer)


def open_chapter(page: Page, url: str, token: str) -> None:
    """Open the chapter, wait for its kernel, close the side bar.

    The page says "idle" before there is a kernel, so the server is asked.
    """
    page.goto(f"{url}lab/tree/{CHAPTER}?reset&token={token}")
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=60_000)
    for _ in range(600):
        kernels = [session["kernel"] for session in ask(url, token, "sessions")]
        if any(k["execution_state"] == "idle" and k["connections"] for k in kernels):
            page.keyboard.press("Control+b")
            return
        page.wait_for_timeout(100)
    raise TimeoutError("the notebook's kernel did not become idle within a minute")


def menu(page: Page, first: str, *labels: str) -> None:
    """Choose an entry of the menu bar; every label but the last opens a menu."""
    page.locator("#jp-menu-panel .lm-MenuBar-itemLabel", has_text=first).click()
    for label in labels:
        page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{label}$")).click()


def cell_with(page: Page, text: str) -> Locator:
    """The first cell whose own source, code or Markdown, holds `text`."""
    source = page.locator(".jp-Cell-inputWrapper", has_text=text).first
    return source.locator("xpath=ancestor::*[contains(@class, 'jp-Cell ')][1]")


def answer(page: Page, code: str, expected: str) -> Locator:
    """Replace the cell of question (a) by `code`, run it and wait for `expected`; the cell."""
    cell = cell_with(page, "ch04.lora_params.check(")
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(code)
    page.keyboard.press("Control+Enter")
    expect(cell.locator(".jp-OutputArea")).to_contain_text(expected, timeout=60_000)
    return cell


def take(page: Page, out: Path) -> list[Path]:
    """Run the open chapter and write its four pictures."""

    def picture(name: str, top: Locator, height: int) -> Path:
        page.set_viewport_size({"width": 1280, "height": height})
        page.wait_for_timeout(1000)  # the page draws itself anew, widgets last
        top.evaluate("cell => cell.scrollIntoView({block: 'start'})")
        page.wait_for_timeout(500)
        page.screenshot(path=out / f"{name}.png")
        return out / f"{name}.png"

    menu(page, "Run", "Run All Cells")
    done = re.compile(r"\[\d+\]")
    expect(page.locator(".jp-CodeCell .jp-InputPrompt").last).to_have_text(done, timeout=300_000)
    files = [picture("chapter", cell_with(page, "What a rank costs"), 880)]
    planted = cell_with(page, "planted_rank_explorer()")
    files += [picture("planted", planted, 540)]
    checked = answer(page, FORGETS_LAYERS, "That is one layer")
    files += [picture("checked_answer", checked, 560)]
    menu(page, "Settings", "Theme", "JupyterLab Dark")
    return [*files, picture("dark", planted, 880)]


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


def main() -> None:
    """Take the pictures and say what went wrong in the page."""
    parser = argparse.ArgumentParser(description="Take the pictures of the running course.")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images", help="their folder")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        shutil.copytree(ROOT / "notebooks", Path(folder) / "notebooks")
        flags = re.split(r"\s+(?=--)", FLAGS)
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        with jupyterlab(Path(folder)) as (url, token):
            page = browser.new_page(viewport={"width": 1280, "height": 880})
            trouble = watch(page)
            open_chapter(page, url, token)
            files = take(page, out)
            browser.close()
    for file in files:
        print(f"wrote {file} ({file.stat().st_size / 1000:.0f} kB)")
    trouble += [f"too large: {file}" for file in files if file.stat().st_size > LARGEST]
    if trouble:
        sys.exit("\n".join(dict.fromkeys(trouble)))


if __name__ == "__main__":
    main()
