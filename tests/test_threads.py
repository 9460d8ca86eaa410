"""One thread by default, in fresh processes: this one has its own setting."""

import os
import subprocess
import sys

import pytest
import torch

from lora_course.threads import VARIABLES, threads

USE = """
from lora_course import LoRALinear
LoRALinear(torch.nn.Linear(6, 5), 2)(torch.ones(3, 6)).sum().backward()
print(torch.get_num_threads())
"""
TORCH_FIRST = f"import torch, lora_course\n{USE}"
COURSE_FIRST = f"import lora_course, torch\n{USE}"
SET_LATER = f"import torch, lora_course\ntorch.set_num_threads(2)\n{USE}"


def run(code, **variables):
    """What `code` prints in a fresh Python that is told nothing of threads but `variables`."""
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        env=environment | variables,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize("code", [TORCH_FIRST, COURSE_FIRST])
def test_the_course_computes_on_one_thread(code):
    assert run(code) == "1"


@pytest.mark.parametrize("code", [TORCH_FIRST, COURSE_FIRST])
@pytest.mark.parametrize("name", VARIABLES)
def test_who_sets_a_variable_keeps_it(code, name):
    assert run(code, **{name: "2"}) == "2"


def test_who_asks_torch_for_more_after_the_import_keeps_them():
    assert run(SET_LATER) == "2"


def test_the_import_of_the_course_does_not_import_torch():
    assert run("import sys, lora_course; print('torch' in sys.modules)") == "False"


def test_threads_are_put_back():
    before = torch.get_num_threads()
    with pytest.raises(ZeroDivisionError), threads(before + 1):
        assert torch.get_num_threads() == before + 1
        raise ZeroDivisionError
    assert torch.get_num_threads() == before
