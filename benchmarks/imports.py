"""Importing the course and using its estimators, in a fresh process."""

from __future__ import annotations

import statistics
from functools import partial

from benchmarks.clock import children_clock, rounds, run_python
from benchmarks.rows import Row, at_most

REPEATS = 9
ESTIMATES = """
import sys
import lora_course
import lora_course.memory.closed_form as e
e.estimate_lora_params(4096, 8)
e.estimate_training_memory(8)
e.estimate_model_memory("Llama-3.1-8B", 8)
e.print_memory_table()
assert "torch" not in sys.modules, "the estimators have imported torch"
"""


def measure() -> list[Row]:
    """CPU seconds over those of a Python that does nothing."""
    calls = {"course": partial(run_python, ESTIMATES), "bare": partial(run_python, "pass")}
    rounds(calls, 1)  # writes the bytecode cache, which a user pays for only once
    seconds = rounds(calls, REPEATS, children_clock)
    extra = statistics.median(seconds["course"]) - statistics.median(seconds["bare"])
    what = "import the course and run each estimator once, over a bare Python; torch not imported"
    return [Row("import.cpu", what, extra, "s", at_most(0.15))]
