import math
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.rows import Budget, Row, at_least, at_most
from lora_course.chapters.rooms import rooms
from lora_course.files import read_block

RESULTS = report.load()
CHAPTERS = [f"{room.number:02d}" for room in rooms()]
MACHINE = {
    "cpu": "Some CPU",
    "cores": "2",
    "system": "Linux",
    "python": "3.11.0",
    "torch": "2.8.0",
    "peft": "0.19.0",
}


def results(*rows: Row, machine: dict[str, str] = MACHINE) -> report.Results:
    return report.Results(machine, "2026-01-02", list(rows))


def test_readme_shows_the_rendered_results():
    shown = read_block(report.README.read_text(encoding="utf-8"), report.BLOCK)
    assert shown == report.render(RESULTS)


def test_results_hold_each_row_once():
    names = [row.name for row in RESULTS.rows]
    assert len(names) == len(set(names))
    wanted = {
        "import.cpu",
        "layer.ratio",
        "layer.loss",
        "sweep.ratio",
        "sweep.stacked",
        "sweep.sequential",
        "sweep.peft",
        "explorer.kernel",
        "explorer.browser",
    }
    wanted |= {f"chapter.{n}.{figure}" for n in CHAPTERS for figure in ("cpu", "memory")}
    assert wanted <= set(names)
    assert {row.name.split(".")[1] for row in RESULTS.rows if row.case == "chapter"} == set(
        CHAPTERS
    )
    assert MACHINE.keys() == RESULTS.machine.keys()


def test_results_survive_the_file(tmp_path: Path):
    path = tmp_path / "results.json"
    report.save(RESULTS, path)
    assert report.load(path) == RESULTS
    assert path.read_bytes() == report.RESULTS.read_bytes()


@pytest.mark.parametrize(
    ("budget", "value", "met"),
    [
        (at_most(0.15), 0.15, True),
        (at_most(0.15), 0.16, False),
        (at_least(5), 5.0, True),
        (at_least(5), 4.9, False),
        (at_least(5), math.nan, False),
        (at_most(5), math.nan, False),
    ],
)
def test_a_missed_budget_is_marked(budget: Budget, value: float, met: bool):
    row = Row("case.figure", "a thing", value, "s", budget)
    assert row.ok is met
    line = next(x for x in report.render(results(row)).splitlines() if "a thing" in x)
    assert line.endswith("| yes |" if met else "| **no** |")


def test_a_row_without_budget_is_neither_met_nor_missed():
    row = Row("case.figure", "a thing", 3.0, "s")
    assert row.ok
    assert "| a thing | 3 s |  |  |" in report.render(results(row))


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.04351, "0.0435"), (619.2, "619"), (2412.0, "2,412"), (3e-16, "3.0e-16")],
)
def test_numbers_read_plainly(value: float, text: str):
    assert report.number(value) == text


def test_an_unknown_kind_of_budget_is_refused():
    with pytest.raises(ValueError, match="at most"):
        Budget("below", 3)


def test_one_case_replaces_its_own_rows_only():
    a, b = Row("a.x", "a", 1.0, "s"), Row("b.x", "b", 1.0, "s")
    gone, new = Row("a.y", "a", 2.0, "s"), replace(a, value=3.0)
    assert report.merged(results(a, gone, b), results(new)).rows == [new, b]


def test_figures_of_two_machines_are_not_mixed():
    row = Row("a.x", "a", 1.0, "s")
    other = {**MACHINE, "cpu": "Another CPU"}
    with pytest.raises(ValueError, match="another machine"):
        report.merged(results(row), results(row, machine=other))
