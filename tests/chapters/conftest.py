"""The two recorded runs of a chapter: solved, by nbval; blank, by a learner in JupyterLab."""

import os
import sys
from pathlib import Path

import nbformat
import pytest

from lora_course.authoring import record
from lora_course.authoring.build import execute, text
from lora_course.authoring.closure import ROOT, fingerprint
from lora_course.authoring.lab import CHROMIUM, jupyterlab
from tests.conftest import NOTEBOOKS

BINDER_BYTES = 2 << 30  # what a session of Binder's may hold; and it has one processor
RUNS = ("test_solved.py", "test_blank.py")


def pytest_itemcollected(item):
    """All that reads the runs of a chapter goes to one process: no other waits for them."""
    if item.path.name in RUNS and hasattr(item, "callspec"):
        item.add_marker(pytest.mark.xdist_group(item.callspec.params["room"].name))


@pytest.fixture
def solved(room):
    """What the solution took when nbval ran it and found all outputs as saved."""
    return record.solved(room, NOTEBOOKS)


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """JupyterLab within Binder's limits where these can be set, its notebooks and its address."""
    home = tmp_path_factory.mktemp("lab")
    (home / "notebooks").mkdir()
    limits = []
    if sys.platform == "linux":
        processors = sorted(os.sched_getaffinity(0))
        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
        limits = ["taskset", "--cpu-list", str(processors[worker % len(processors)])]
        limits += ["prlimit", f"--data={BINDER_BYTES}"]
    with jupyterlab(home, limits) as running:
        yield home / "notebooks", running


@pytest.fixture
def blank(room, request):
    """What was seen when a learner went through the chapter as it is handed out."""
    chromium = request.getfixturevalue("chromium")
    from tests.chapters.learner import go_through

    sources = [*(ROOT / "tests" / "chapters").glob("*.py"), NOTEBOOKS / room.notebook]
    sources += (ROOT / "tests" / "chapters" / room.name).glob("*.py")
    sources += [ROOT / "lora_course" / "authoring" / name for name in ("browser.py", "lab.py")]

    def run():
        notebooks, running = request.getfixturevalue("lab")
        return go_through(room, chromium, running, notebooks, record.FOLDER / room.name)

    return record.recorded(room, "blank", fingerprint(room, *sources), run)


@pytest.fixture
def blank_notebook(room, request):
    """The chapter as it was handed out, run from top to bottom: by the learner, if there is one."""
    if not Path(CHROMIUM).exists():
        return request.getfixturevalue("executed_blank")
    request.getfixturevalue("blank")
    return record.FOLDER / room.name / "blank.ipynb"


@pytest.fixture
def executed_blank(room, tmp_path):
    """The same without a browser."""
    path = tmp_path / room.notebook
    blank = nbformat.read(str(NOTEBOOKS / room.notebook), as_version=4)
    path.write_text(text(execute(blank, tmp_path)), encoding="utf-8")
    return path
