"""Notebooks for the grader's tests, made of pieces of code."""

import json
from dataclasses import dataclass, field

from nbformat import v3
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, writes

from lora_course.chapters.ch04_rank_selection import questions as ch04

IMPORTS = """\
import statistics
from lora_course import RankExperiment, adapt, adapter_state, count_trainable, evaluate, fit
from lora_course.tasks.matching import comparison_task
"""
NAMES = tuple(question.name for question in ch04.QUESTIONS)
FULL = {question.name: question.max_points for question in ch04.QUESTIONS}


def solution(question):
    """The right code of one question, without the line that checks it."""
    *lines, check = question.solution().body.splitlines()
    assert ".check(" in check
    return "\n".join(lines)


A, B, C, D = map(solution, ch04.QUESTIONS)


def notebook(*cells, **metadata):
    """A notebook's text: code, except pieces that begin with '#md '."""
    made = [
        new_markdown_cell(cell[4:]) if cell.startswith("#md ") else new_code_cell(cell)
        for cell in cells
    ]
    return writes(new_notebook(cells=made, metadata=metadata)).encode()


def old_format(*cells):
    """The same in format 3."""
    sheet = v3.new_worksheet(cells=[v3.new_code_cell(input=cell) for cell in cells])
    return v3.writes_json(v3.new_notebook(worksheets=[sheet])).encode()


def with_outputs(content, html):
    """Every code cell shows `html`."""
    made = json.loads(content)
    for cell in made["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [
                new_output("display_data", data={"text/html": html}),
                new_output("stream", text=html),
            ]
    return json.dumps(made).encode()


@dataclass(frozen=True)
class Entry:
    """A submitted file, and what grading it has to give."""

    name: str
    content: bytes
    points: dict = field(default_factory=dict)
    status: str = "ok"
    reason: str = ""

    @property
    def score(self):
        return sum(self.points.values())
