"""What tests share: one torch thread, the course's notebooks, the sandbox where there is one."""

import os
import random
from pathlib import Path

import pytest
import torch

from lora_course.authoring import build
from lora_course.checks import progress
from lora_course.sandbox.kernel import try_out
from lora_course.sandbox.limits import SandboxError

ROOT = Path(__file__).resolve().parent.parent
SOURCES = build.sources(ROOT / "notebooks")
CHECK_SEED = "CHECK_SEED"


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    """Tests answer questions; that is nobody's progress."""
    monkeypatch.setenv(progress.VARIABLE, str(tmp_path / "progress.json"))


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def seed():
    """A fresh seed for what a check draws, shown with a failure: CHECK_SEED=… draws it again."""
    number = int(os.environ.get(CHECK_SEED) or random.SystemRandom().getrandbits(32))
    print(f"{CHECK_SEED}={number} draws the same again")
    return number


@pytest.fixture(params=SOURCES, ids=lambda path: path.stem)
def source(request):
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
