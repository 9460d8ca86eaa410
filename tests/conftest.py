"""What every test needs: one torch thread, and the course's notebooks."""

from pathlib import Path

import pytest
import torch

from lora_course.authoring import build

ROOT = Path(__file__).resolve().parent.parent
SOURCES = build.sources(ROOT / "notebooks")


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(params=SOURCES, ids=lambda path: path.stem)
def source(request):
    return request.param
