"""Take the README's pictures of chapter 4 in a real JupyterLab: `python tools/screenshots.py`.

Needs the browser extra (`pip install -e ".[browser]"`) and a Chromium; the environment variable
CHROMIUM says where it is. The server works on a copy of the notebooks, in a folder that is thrown
away, and the browser can reach this machine alone. Exit status 1 when the page logged an error,
asked for another host, or a picture came out too large.
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

from playwright.sync_api import ConsoleMessage, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
CHAPTER = "04_rank_selection.ipynb"
HOST = "127.0.0.1"
LARGEST = 200_000  # bytes a picture
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-dev-shm-usage"
    " --disable-background-networking --disable-component-update --disable-sync"
).split() + [f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HOST}"]
SETTINGS: dict[str, dict[str, object]] = {
    # All cells stay in the page, and typed code arrives as it is.
    "@jupyterlab/notebook-extension/tracker": {
        "windowingMode": "none",
        "codeCellConfig": {"autoClosingBrackets": False},
    },
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
}
FORGETFUL = '''def estimate_lora_params(layer_dim, rank, num_layers=32):
    """Trainable LoRA parameters: one adapted matrix in each of num_layers layers."""
    d_out, d_in = (layer_dim, layer_dim) if isinstance(layer_dim, int) else layer_dim
    return rank * (d_out + d_in)


ch04.lora_params.check(estimate_lora_params)'''
BUSY = "[...document.querySelectorAll('.jp-InputPrompt')].some(p => p.textContent.includes('*'))"


@contextmanager
def jupyterlab(home: Path) -> Iterator[tuple[str, str]]:
    """A server whose files, settings and state all lie in `home`; yields its URL and token."""
    for name, value in SETTINGS.items():
        file = home / "settings" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(value), encoding="utf-8")
    folders = {
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ip={HOST}"]
    command += ["--port=0", f"--ServerApp.root_dir={home / 'notebooks'}"]
    command += ["--LabApp.extension_manager=readonly"]
    command += [f"--IdentityProvider.token={secrets.token_hex(16)}"]
    environment = os.environ | {name: str(home / folder) for name, folder in folders.items()}
    log = home / "server.log"
    with log.open("wb") as stream:
        server = subprocess.Popen(command, env=environment, stdout=stream, stderr=stream)
    try:
        deadline = time.monotonic() + 60
        while True:
            # The server writes this file, perhaps half of it so far, then starts to listen.
            for info in (home / "runtime").glob("jpserver-*.json"):
                with suppress(OSError, ValueError, KeyError):
                    found = json.loads(info.read_text(encoding="utf-8"))
                    ask(found["url"], found["token"], "status")
                    yield found["url"], found["token"]
                    return
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("JupyterLab did not start:\n" + log.read_text(encoding="utf-8"))
            time.sleep(0.1)
    finally:
        server.terminate()
        server.wait(30)


def ask(url: str, token: str, what: str) -> Any:
    """GET api/`what` of the server, as data."""
    with urllib.request.urlopen(f"{url}api/{what}?token={token}", timeout=10) as answer:
        return json.load(answer)


def open_chapter(page: Page, url: str, token: str) -> None:
    """Open the chapter without the side bar and wait for its kernel.

    The page says "idle" before there is a kernel, so the server is asked.
    """
    page.goto(f"{url}lab/tree/{CHAPTER}?reset&token={token}")
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=60_000)
    for _ in range(600):
        kernels = [session["kernel"] for session in ask(url, token, "sessions")]
        if any(k["execution_state"] == "idle" and k["connections"] for k in kernels):
            break
        page.wait_for_timeout(100)
    else:
        raise TimeoutError("the notebook's kernel did not become idle within a minute")
    page.keyboard.press("Control+b")


def menu(page: Page, *labels: str) -> None:
    """Choose an entry of the menu bar: every label but the last opens a menu."""
    page.locator("#jp-menu-panel .lm-MenuBar-itemLabel", has_text=labels[0]).click()
    for label in labels[1:]:
        page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{label}$")).click()


def settle(page: Page) -> None:
    """Wait until every cell that was started is done and its output is drawn."""
    page.wait_for_function(f"() => !{BUSY}", timeout=300_000)
    page.wait_for_timeout(1500)


def cell_with(page: Page, text: str | re.Pattern[str]) -> Locator:
    """The first cell whose own source, code or Markdown, holds `text`."""
    source = page.locator(".jp-Cell-inputWrapper", has_text=text).first
    return source.locator("xpath=ancestor::*[contains(@class, 'jp-Cell ')][1]")


def picture(page: Page, at: Locator, file: Path, height: int) -> None:
    """Write what the window shows with `at` at its top."""
    page.set_viewport_size({"width": 1280, "height": height})
    page.wait_for_timeout(500)
    at.evaluate("cell => cell.scrollIntoView({block: 'start'})")
    page.wait_for_timeout(500)
    page.screenshot(path=file)
    print(f"wrote {file} ({file.stat().st_size / 1000:.0f} kB)", flush=True)


def answer_wrongly(page: Page) -> Locator:
    """Type an answer to question (a) that forgets num_layers, run it; the cell, once checked."""
    cell = cell_with(page, "ch04.lora_params.check(")
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(FORGETFUL)
    page.keyboard.press("Control+Enter")
    expect(cell.locator(".jp-OutputArea")).to_contain_text("That is one layer", timeout=60_000)
    return cell


def watch(page: Page) -> list[str]:
    """A list that fills with the page's errors and its requests to any other host."""
    trouble: list[str] = []

    def console(message: ConsoleMessage) -> None:
        if message.type == "error":
            trouble.append(f"console: {message.text} ({message.location.get('url', '')})")

    def request(url: str) -> None:
        if (
            urlsplit(url).scheme in ("http", "https", "ws", "wss")
            and urlsplit(url).hostname != HOST
        ):
            trouble.append(f"request: {url}")

    page.on("console", console)
    page.on("pageerror", lambda error: trouble.append(f"uncaught: {error}"))
    page.on("request", lambda asked: request(asked.url))
    page.on("websocket", lambda socket: request(socket.url))
    return trouble


def take(page: Page, out: Path) -> list[Path]:
    """Run the open chapter and write its four pictures."""
    names = ("chapter", "planted", "checked_answer", "dark")
    files = [out / f"{name}.png" for name in names]
    menu(page, "Run", "Run All Cells")
    last = page.locator(".jp-CodeCell .jp-InputPrompt").last
    expect(last).to_have_text(re.compile(r"\[\d+\]"), timeout=300_000)
    settle(page)
    picture(page, cell_with(page, "What a rank costs"), files[0], 900)
    planted = cell_with(page, "planted_rank_explorer()")
    picture(page, planted, files[1], 640)
    picture(page, answer_wrongly(page), files[2], 640)
    menu(page, "Settings", "Theme", "JupyterLab Dark")
    settle(page)
    picture(page, planted, files[3], 900)
    return files


def main() -> None:
    """Take the pictures and say what went wrong in the page."""
    parser = argparse.ArgumentParser(description="Take the pictures of the running course.")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images", help="their folder")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        shutil.copytree(ROOT / "notebooks", Path(folder) / "notebooks")
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        with jupyterlab(Path(folder)) as (url, token):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            trouble = watch(page)
            open_chapter(page, url, token)
            files = take(page, out)
            browser.close()
    trouble += [f"too large: {file}" for file in files if file.stat().st_size > LARGEST]
    if trouble:
        sys.exit("\n".join(dict.fromkeys(trouble)))
    print("No console error, no request to another host.")


if __name__ == "__main__":
    main()
