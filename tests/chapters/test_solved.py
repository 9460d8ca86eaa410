"""The solved chapters: their outputs come again, within the budgets, and say how long they take."""

import re
import sys

import pytest

from benchmarks.chapter import rows
from lora_course.authoring.source import read_source

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows counts no CPU seconds")
LONG_SECONDS = 4.0  # two on a quiet machine: then a reader wonders whether a cell still runs


def test_the_solution_gives_its_outputs_again_within_its_budgets(room, solved):
    assert not [row for row in rows(room, solved) if not row.ok]


def test_long_cells_say_how_long_they_take(room, solved):
    told = ""
    for cell in read_source(room).cells:
        if cell.cell_type == "code" and solved.cells[cell.id] > LONG_SECONDS:
            said = f"{told} {cell.source}"
            assert re.search("seconds|minute", said), f"{cell.id}: say how long it takes"
            for seconds in re.findall(r"(\d+) seconds", said):
                # Of the right order, on any machine.
                assert solved.cells[cell.id] <= 3 * int(seconds), f"{cell.id}: says {seconds} s"
        if cell.cell_type == "markdown":
            told = cell.source
        elif "predict(" not in cell.source:  # between the text and what it tells of
            told = ""
