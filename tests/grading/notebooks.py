"""Notebooks for the grader's tests, made of pieces of code."""

import json
from dataclasses import dataclass, field, replace

from nbformat import v3
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, writes

from lora_course.grading.grade import Job
from lora_course.grading.supervise import supervise


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
    """A submitted file, and what grading it has to give.

    `flag`: words of a flag that it has to get; `sandboxed`: it tries the sandbox, which another
    user's is not like root's.
    """

    name: str
    content: bytes
    points: dict = field(default_factory=dict)
    status: str = "ok"
    reason: str = ""
    flag: str = ""
    sandboxed: bool = False

    @property
    def score(self):
        return sum(self.points.values())


def own_answers(package, **answers):
    """The functions that the checks compare with, of {check: name}, handed in as answers."""
    imports = (f"from {package}.{check} import right as {name}" for check, name in answers.items())
    first = next(iter(answers))
    return Entry(
        "the checks' own right answers",
        notebook(*imports),
        flag=f"imports {package}.{first}.right, which the chapter does not",
        sandboxed=True,
    )


def graded(tmp_path, chapter, *cells, **limits):
    """The grade of a notebook of these cells."""
    path = tmp_path / "a.ipynb"
    path.write_bytes(notebook(*cells))
    return supervise(replace(Job(str(path), "a.ipynb", "a", chapter, "seed"), **limits))
