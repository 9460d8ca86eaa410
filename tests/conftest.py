"""What tests share: the course's notebooks, the sandbox where there is one."""

import os
import random
import subprocess
from pathlib import Path

import pytest

from lora_course import learner
from lora_course.chapters.rooms import rooms
from lora_course.sandbox.kernel import try_out
from lora_course.sandbox.limits import SandboxError

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
ROOMS = rooms()
CHECK_SEED = "CHECK_SEED"


def pytest_itemcollected(item):
    """What runs strangers' code goes to one process: the tests look for what it leaves behind."""
    if "sandbox" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.xdist_group("sandbox"))


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    """Tests answer questions; that is nobody's progress."""
    monkeypatch.setenv(learner.VARIABLE, str(tmp_path / "progress.json"))


@pytest.fixture
def seed():
    """A fresh seed for what a check draws, shown with a failure: CHECK_SEED=… draws it again."""
    number = int(os.environ.get(CHECK_SEED) or random.SystemRandom().getrandbits(32))
    print(f"{CHECK_SEED}={number} draws the same again")
    return number


def in_turn(choices):
    """One of the choices, another with each commit: for what would take too long with every one.

    TURN=0, TURN=1, … takes the one at that place.
    """
    command = ["git", "rev-parse", "HEAD"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    commit = done.stdout.strip() if done.returncode == 0 else "0"  # of what is no checkout
    return choices[int(os.environ.get("TURN") or commit, 16) % len(choices)]


@pytest.fixture(params=ROOMS, ids=lambda room: room.name)
def room(request):
    return request.param


@pytest.fixture(scope="session")
def sandbox():
    """CI sets REQUIRE_SANDBOX: there no test that needs the sandbox is skipped."""
    try:
        try_out()
    except SandboxError as error:
        if os.environ.get("REQUIRE_SANDBOX"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def chromium():
    """CI sets REQUIRE_BROWSER: there no test is skipped for the lack of one."""
    pytest.importorskip("playwright.sync_api")
    from lora_course.authoring import browser, lab

    if not Path(lab.CHROMIUM).exists() and "REQUIRE_BROWSER" not in os.environ:
        pytest.skip(f"needs Chromium; there is none at {lab.CHROMIUM}")
    with browser.chromium() as running:
        yield running
