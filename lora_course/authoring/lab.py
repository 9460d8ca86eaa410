"""A throw-away JupyterLab on this machine: for tests and pictures of the running course."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lora_course import learner

HOST = "127.0.0.1"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
WATCHDOG = 600  # seconds after which what does not start, answer or end is given up
JUPYTER_FOLDERS = ["JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR"]
JUPYTER_FOLDERS += ["JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR"]
# All cells stay in the page, typed code arrives as it is.
SETTINGS = {
    "notebook-extension/tracker": '{"windowingMode": "none",'
    ' "codeCellConfig": {"autoClosingBrackets": false}}',
}


@dataclass(frozen=True)
class Lab:
    """A running server: its address, its token and its process."""

    url: str
    token: str
    process: int


@contextmanager
def jupyterlab(
    home: Path, before: Sequence[str] = (), python: str = sys.executable
) -> Iterator[Lab]:
    """A server whose files, settings and state all lie in `home`.

    `before`: a command that starts it, such as one that sets limits; `python`: what runs it.
    """
    for name, value in SETTINGS.items():
        file = home / "JUPYTERLAB_SETTINGS_DIR" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(value, encoding="utf-8")
    command = [
        *before, python, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ip={HOST}",
    ]  # fmt: skip
    command += ["--port=0", f"--ServerApp.root_dir={home / 'notebooks'}"]
    command += [f"--IdentityProvider.token={secrets.token_hex(16)}"]
    command += ["--LabApp.extension_manager=readonly"]
    environment = os.environ | {name: str(home / name) for name in JUPYTER_FOLDERS}
    environment[learner.VARIABLE] = str(home / "progress.json")  # not the author's own
    log = home / "server.log"
    with log.open("wb") as stream:
        server = subprocess.Popen(command, env=environment, stdout=stream, stderr=stream)
    try:
        url, token = _address(server, home / "JUPYTER_RUNTIME_DIR", log)
        yield Lab(url, token, server.pid)
    finally:
        server.terminate()
        try:
            server.wait(WATCHDOG)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _address(server: subprocess.Popen[bytes], runtime: Path, log: Path) -> tuple[str, str]:
    """URL and token of `server`, from the file that it writes, as soon as it answers."""
    deadline = time.monotonic() + WATCHDOG
    while server.poll() is None and time.monotonic() < deadline:
        for file in runtime.glob("jpserver-*.json"):
            with suppress(OSError, ValueError):  # half written, or not listening yet
                found = json.loads(file.read_text(encoding="utf-8"))
                ask(found["url"], found["token"], "status")
                return found["url"], found["token"]
        time.sleep(0.1)
    raise RuntimeError("JupyterLab did not start:\n" + log.read_text(encoding="utf-8"))


def ask(url: str, token: str, what: str, method: str = "GET") -> Any:
    """What the server's api/`what` answers, as data; None where it is nothing."""
    request = urllib.request.Request(f"{url}api/{what}?token={token}", method=method)
    with urllib.request.urlopen(request, timeout=WATCHDOG) as answer:
        content = answer.read()
    return json.loads(content) if content else None
