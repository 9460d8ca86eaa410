"""What is told to the instructor: the course's code as an answer, and modules that are changed."""

import pytest

from lora_course.grading import flags
from lora_course.grading.flags import MOST
from lora_course.grading.needed_cells import MOST_CODE, NeededCells

IMPORTS = {"lora_course.adapt", "lora_course.display.claims.claim"}


def told(*cells, own=None, answers=None):
    places = range(len(cells)) if own is None else own
    found = flags.flags(NeededCells(cells, places), IMPORTS)
    return [(f.cell, f.text) for f in flags.told(answers or {}, found)]


TOLD = {
    "from lora_course.checks.values import same": "imports lora_course.checks.values.same, which",
    "import lora_course.grading.wire as wire": "imports lora_course.grading.wire, which",
    "import lora_course\nlora_course.choose_rank": "uses lora_course.choose_rank, which",
    "import torch\ntorch.equal = print": "changes a module: torch.equal = print",
    "\n\n  \nimport torch\ntorch.equal = print": "changes a module: torch.equal = print",
    "from torch import nn\nnn.Module.parameters = 1": "changes a module: nn.Module.parameters",
    "import torch.nn.functional as F\ndel F.relu": "changes a module: del F.relu",
    "import builtins\nsetattr(builtins, 'len', print)": "changes a module: setattr(builtins",
    "import sys\nsys.modules['torch'] = None": "changes a module: sys.modules['torch']",
    "%%time\nimport torch\ntorch.x = 1": "changes a module: torch.x = 1",
    "open('/x/lora_course/chapters/y.py')": "names the course's code in a text: open(",
    "import importlib\nimportlib.import_module('lora_course.checks')": "names the course's code",
}


@pytest.mark.parametrize(("code", "words"), TOLD.items(), ids=TOLD)
def test_what_is_told_with_its_line(code, words):
    found = told("x = 1", code)
    assert found and all(cell == 2 for cell, _ in found)
    assert any(words in text for _, text in found), found


@pytest.mark.parametrize(
    "code",
    [
        "from lora_course import adapt\nfrom lora_course.display.claims import claim",
        "import torch\nx = torch.zeros(2)\nx[0] = 1\nx.requires_grad = True",
        "import matplotlib.pyplot as plt\nplt.rcParams['figure.dpi'] = 90",
        "import numpy as np\nnp.random.seed(0)",
        "def broken(:",
        "# lora_course.checks",
    ],
)
def test_what_is_not(code):
    assert told(code) == []


def test_the_courses_cells_are_not_told_of():
    assert told("from lora_course.checks import values", own=()) == []


def test_an_answer_that_is_the_courses_own_is_told():
    found = told("x = 1", answers={"f": "lora_course.core.x.f", "g": ""})
    assert found == [(0, "f is the course's own lora_course.core.x.f")]


def test_it_is_bounded():
    many = "import torch\n" + "\n".join(f"torch.x{n} = {'1' * 300}" for n in range(50))
    found = told(many)
    assert len(found) == MOST and all(len(text) <= 200 for _, text in found)
    assert "which nothing looked at" in told("x" * (MOST_CODE + 1))[0][1]
