"""The process that grades one file."""

import subprocess
import sys


def test_a_grading_process_has_imported_before_it_is_copied_what_its_checks_import():
    # torch, and dynamo with a first optimizer, take seconds: paid in each file, they are most of
    # what its grading costs over running its code.
    code = """
import sys
import lora_course.grading.child
before = set(sys.modules)
import torch
torch.optim.Adam([torch.ones(1, requires_grad=True)])
print(sorted(name for name in set(sys.modules) - before if name.startswith("torch")))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True
    )
    assert done.stdout.strip() == "[]"


def test_the_batch_itself_goes_without_them():
    code = """
import sys
import lora_course.grading.batch
print([name for name in sys.modules if name.startswith("torch")])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True
    )
    assert done.stdout.strip() == "[]"
