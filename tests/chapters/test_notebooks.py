"""The notebooks are what their sources say, whole, and no longer than they may be."""

import json
import re

import nbformat
import pytest

from lora_course.authoring import build
from lora_course.authoring.source import (
    SourceError,
    read_source,
    solutions,
    variant,
)
from lora_course.chapters.glossary import TERMS
from lora_course.chapters.rooms import Room
from lora_course.checks.result import Outcome
from tests.conftest import NOTEBOOKS, ROOMS, ROOT

MOST_CLAIMS, MOST_IMPORTS = 5, 8  # in a cell; lines in the first one
MOST = {"most_cells": 20, "most_words": 700, "most_lines": 60}


def cells(path, kind=None):
    notebook = nbformat.read(str(path), as_version=4)
    return [cell for cell in notebook.cells if kind in (None, cell.cell_type)]


def test_student_notebook_is_up_to_date(room):
    built = build.text(variant(read_source(room), solved=False))
    assert build.student_path(room, NOTEBOOKS).read_text(encoding="utf-8") == built, (
        "run `make notebooks`"
    )


def test_the_glossary_is_up_to_date_sorted_and_says_where_a_term_stands_first():
    content = (NOTEBOOKS / "glossary.ipynb").read_text(encoding="utf-8")
    assert content == build.text(build.glossary()), "run `make notebooks`"
    assert [term.name for term in TERMS] == sorted((t.name for t in TERMS), key=str.lower)
    for term in TERMS:
        (room,) = (room for room in ROOMS if room.number == term.chapter)
        text = build.student_path(room, NOTEBOOKS).read_text(encoding="utf-8")
        assert term.name.lower() in text.lower().replace("\\\\alpha", "alpha"), term


def test_every_chapter_links_to_the_glossary(room):
    assert "](glossary.ipynb)" in build.student_path(room, NOTEBOOKS).read_text(encoding="utf-8")


def test_the_index_is_up_to_date_and_its_links_lead_to_every_chapter():
    folder = ROOT / "notebooks"
    content = (folder / "index.ipynb").read_text(encoding="utf-8")
    assert content == build.text(build.index(ROOMS)), "run `make notebooks`"
    linked = re.findall(r"\]\(([^)]+\.ipynb)\)", content)
    assert linked == [*(room.notebook for room in ROOMS), "glossary.ipynb"]
    assert all((folder / name).exists() for name in linked)


def test_the_index_runs_and_shows_the_progress(tmp_path):
    executed = build.execute(build.index(ROOMS), tmp_path)
    (shown,) = executed.cells[-1].outputs
    assert all(f"Chapter {room.number}: 0 of" in shown.data["text/html"] for room in ROOMS)


def test_a_chapter_that_does_not_say_what_it_is_gets_no_place_in_the_index(tmp_path):
    room = made(tmp_path, "# %% [markdown]\n# # 5. X\n#\n# Text.\n")
    with pytest.raises(SourceError, match="You will measure"):
        build.index([room])


def test_solution_is_up_to_date(room):
    def what_it_is(cell):
        return cell.id, cell.cell_type, cell.source, cell.metadata

    fresh = variant(read_source(room), solved=True).cells
    assert [what_it_is(c) for c in cells(build.solution_path(room, NOTEBOOKS))] == [
        what_it_is(c) for c in fresh
    ]


def test_solutions_on_request_are_up_to_date(room):
    stored = room.read_built()
    assert stored["solutions"] == solutions(read_source(room)), "run `make notebooks`"
    known = build.course_cells(room)
    assert {name: stored[name] for name in known} == known, "run `make notebooks`"


def test_solution_was_executed_and_holds_no_error(room):
    code = cells(build.solution_path(room, NOTEBOOKS), "code")
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        assert not any(output.output_type == "error" for output in cell.outputs)
        if "nbval-check-output" in cell.metadata.get("tags", []):
            assert cell.outputs, f"{cell.id} is compared, so it needs an output"


def test_every_claim_stands_as_a_true_statement_in_a_table(room):
    code = cells(build.solution_path(room, NOTEBOOKS), "code")
    made = {cell.id: len(re.findall(r"\bclaim\(", cell.source)) for cell in code}
    shown = {
        cell.id: sum(
            len(re.findall(r"^✓ .*; measured [-\d.,e+]+\)$", text, re.MULTILINE))
            for output in cell.outputs
            for text in [output.get("data", {}).get("text/plain", "")]
        )
        for cell in code
    }
    assert shown == made, "give each claim(...) to the claims(...) at the end of its cell"
    assert sum(made.values()) >= 5, f"{room.name}: a chapter measures at least five things"
    assert max(made.values()) <= MOST_CLAIMS, made


def test_a_chapter_teaches_by_the_standard(room):
    """What CONTRIBUTING asks of every chapter, as far as a test can see it."""
    student = cells(build.student_path(room, NOTEBOOKS))
    code = [cell.source for cell in student if cell.cell_type == "code"]
    imports = [line for line in code[0].splitlines() if re.match(r"(from|import) |    \w", line)]
    assert len(imports) <= MOST_IMPORTS, imports
    assert room.number == 1 or f"recall(chapter={room.number})" in code[0], "open with recall"
    assert any(re.search(r"\bpredict\(", cell) for cell in code), "let the reader predict"
    assert any("LoraConfig(" in cell.source for cell in student), "show PEFT's own call"
    text = "\n".join(cell.source for cell in student if cell.cell_type == "markdown")
    assert "## Which decision does this change?" in text
    asked = re.findall(
        r"\*\*Question \((\w)\)\*\*( · (?:easy|medium|harder), \d+ minutes\.)?", text
    )
    assert [letter for letter, _ in asked] == list("abcdef"[: len(room.questions())])
    assert all(effort for _, effort in asked), "say at each question how hard it is, and how long"


def test_every_question_is_solved(room):
    exercises = [
        c for c in cells(build.solution_path(room, NOTEBOOKS), "code") if "question" in c.metadata
    ]
    assert len(exercises) >= 2, f"{room.name}: a chapter asks at least two questions"
    for cell in exercises:
        shown = cell.outputs[-1].data["text/plain"]
        assert shown.startswith(Outcome.CORRECT.value[0]), shown


def test_budgets_are_kept(room):
    student = cells(build.student_path(room, NOTEBOOKS))
    words = sum(len(c.source.split()) for c in student if c.cell_type == "markdown")
    lines = sum(
        bool(line.strip())
        for cell in student
        if cell.cell_type == "code"
        for line in cell.source.splitlines()
    )
    # A chapter that needs more says so in its first cell.
    allowed = MOST | {key: student[0].metadata[key] for key in MOST if key in student[0].metadata}
    found = {"most_cells": len(student), "most_words": words, "most_lines": lines}
    assert all(found[key] <= allowed[key] for key in MOST), found


def test_every_figure_has_alt_text_and_no_address_shows(room):
    for cell in cells(build.solution_path(room, NOTEBOOKS), "code"):
        for output in cell.outputs:
            data = output.get("data", {})
            for image in re.findall(r"<img [^>]*>", data.get("text/html", "")):
                assert len(re.search(r'alt="([^"]*)"', image)[1]) > 30
            if "image/png" in data:
                said = output.metadata.get("image/png", {})
                assert len(said.get("alt", "")) > 30, f"{cell.id}: use Picture"
            assert " at 0x" not in json.dumps(output)


def test_every_figure_in_prose_is_cited_or_computed(room):
    """A number with a decimal, a percent sign or three digits needs a link or an output."""
    solved = cells(build.solution_path(room, NOTEBOOKS))
    computed = " ".join(
        [c.source for c in solved if c.cell_type == "code"]
        + [json.dumps(c.outputs) for c in solved if c.cell_type == "code"]
    )
    for cell in solved:
        if cell.cell_type != "markdown":
            continue
        for paragraph in cell.source.split("\n\n"):
            prose = re.sub(r"\$[^$]*\$|`[^`]*`|\]\([^)]*\)|Llama-[\d.]+-\d+B", "", paragraph)
            for number in re.findall(r"\d[\d,]*\.\d+|\d[\d,.]*%|\d{3}[\d,]*", prose):
                assert "](http" in paragraph or number.strip("%,.") in computed, (
                    f"{cell.id}: {number} is neither cited in its paragraph nor computed"
                )


def test_cell_ids_are_stable_and_unique(room):
    ids = [cell.id for cell in cells(build.student_path(room, NOTEBOOKS))]
    assert len(set(ids)) == len(ids) and all(i.startswith(f"ch{room.number:02d}-") for i in ids)
    assert ids == [cell.id for cell in cells(build.solution_path(room, NOTEBOOKS))]


def made(folder, text, name="ch09_x"):
    """A room that holds only a source."""
    room = folder / name
    room.mkdir()
    (room / "chapter.py").write_text(text, encoding="utf-8")
    return Room(room)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("rank", "# %%\n1", "like ch09_some_topic"),
        ("ch09_x", '# %% tags=["exercise"] question="q"\n1', "'# solution'"),
        ("ch09_x", "# %%\n# solution\n1\n# blank\n# ...\n# end", "the tag and the lines"),
        (
            "ch09_x",
            '# %% tags=["exercise"]\n# solution\n1\n# blank\n# ...\n# end',
            'add question="…"',
        ),
    ],
)
def test_sources_that_cannot_be_built_are_explained(tmp_path, name, text, words):
    with pytest.raises(ValueError) as caught:
        read_source(made(tmp_path, text, name))
    assert words in str(caught.value) and name in str(caught.value)


def test_blank_and_solution_differ_only_in_the_marked_lines(tmp_path):
    chapter = read_source(
        made(
            tmp_path,
            '# %% tags=["exercise"] question="q"\ndef f(x):\n    # solution\n    return 2 * x\n'
            "    # blank\n    # # a hint\n    # return ...\n    # end\n\n\nf(1)\n",
        )
    )
    assert variant(chapter, solved=True).cells[0].source == (
        "def f(x):\n    return 2 * x\n\n\nf(1)"
    )
    assert variant(chapter, solved=False).cells[0].source == (
        "def f(x):\n    # a hint\n    return ...\n\n\nf(1)"
    )
    assert solutions(chapter) == {"q": "def f(x):\n    return 2 * x\n\n\nf(1)"}


def test_a_solution_that_raises_is_told_with_its_cell(tmp_path, monkeypatch):
    room = made(tmp_path, "# %%\nx = 1\n\n# %%\n1 / 0\n")
    monkeypatch.setattr(build, "course_cells", lambda room: {})  # it has no questions to ask for
    with pytest.raises(SourceError, match="cell ch09-02: the solution raised ZeroDivisionError"):
        build.build(room, tmp_path)
    assert not (tmp_path / "solutions").exists()
