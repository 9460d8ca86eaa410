"""The course computes on one thread, unless it is told otherwise.

Its matrices are small. On them threads win little, and those of two processes side by side wait
for each other: the same work then takes many times as long.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from lora_course.arguments import whole

VARIABLES = "OMP_NUM_THREADS", "MKL_NUM_THREADS"  # torch reads both


def one_thread() -> None:
    """Give torch one thread, whether it is imported already or later; torch is not imported here.

    Nothing changes where one of VARIABLES is set. `torch.set_num_threads` holds when called after
    this.
    """
    if any(name in os.environ for name in VARIABLES):
        return
    os.environ["OMP_NUM_THREADS"] = "1"  # for a torch imported later, and for child processes
    torch = sys.modules.get("torch")
    if torch is not None:  # it has read the variable before
        torch.set_num_threads(1)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Run the block on `count` torch threads."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(whole("threads", count))
    try:
        yield
    finally:
        torch.set_num_threads(before)
