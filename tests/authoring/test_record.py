"""A record is kept while nothing changes, made by one process at a time, and never of a failure."""

import json
import subprocess
import threading

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from lora_course.authoring import record
from lora_course.authoring.record import RunFailedError, recorded, run_solved
from lora_course.authoring.source import KERNEL
from lora_course.chapters.rooms import Room

SOURCE = '# %%\nx = sum(range(10**6))\n\n# %% tags=["nbval-check-output"]\nprint(x + 1)\n'


@pytest.fixture
def room(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "FOLDER", tmp_path / "records")
    folder = tmp_path / "ch09_x"
    folder.mkdir()
    (folder / "chapter.py").write_text(SOURCE)
    return Room(folder)


def write_solution(room, shown):
    """Its executed solution, which shows that number."""
    cells = [
        new_code_cell("x = sum(range(10**6))", execution_count=1),
        new_code_cell(
            "print(x + 1)",
            execution_count=2,
            outputs=[new_output("stream", text=f"{shown}\n")],
            metadata={"tags": ["nbval-check-output"]},
        ),
    ]
    folder = room.folder.parent
    (folder / "solutions").mkdir(exist_ok=True)
    notebook = new_notebook(cells=cells, metadata={"kernelspec": KERNEL})
    nbformat.write(notebook, folder / "solutions" / room.notebook)
    return folder


def test_a_solution_is_run_by_nbval_and_each_cell_noted(room):
    used = run_solved(room, write_solution(room, 499999500001))
    assert list(used.cells) == ["ch09-01", "ch09-02"]
    assert used.cpu > used.cells["ch09-01"] > 0
    assert 10e6 < used.peak < 1e9


@pytest.mark.parametrize("slower", [1, 2.5])
def test_seconds_are_those_of_one_core_whatever_the_machine(room, slower):
    ends = {"": 1.0, "x = sum(range(10**6))": 4.0, "print(x + 1)": 5.0}
    lines = [
        {"cell": cell, "cpu": end * slower, "peak": 10, "pace": record.PACE * slower}
        for cell, end in ends.items()
    ]
    used = record._taken(room, lines)
    assert used.cells == pytest.approx({"ch09-01": 3.0, "ch09-02": 1.0})
    assert used.cpu == pytest.approx(5.0)


def test_another_output_fails_and_is_told(room):
    with pytest.raises(RunFailedError, match=r"09_x\.ipynb(.|\n)*mismatch"):
        run_solved(room, write_solution(room, 7))


def test_a_kernel_that_never_came_up_is_started_again(room, monkeypatch):
    real, calls = subprocess.run, []

    def run(command, **options):
        calls.append(command)
        if len(calls) == 1:  # as where another kernel has taken its ports
            return subprocess.CompletedProcess(command, 1, "Kernel died before replying", "")
        return real(command, **options)

    monkeypatch.setattr(record.subprocess, "run", run)
    assert run_solved(room, write_solution(room, 499999500001)).cpu > 0
    assert len(calls) == 2
    with pytest.raises(RunFailedError):
        run_solved(room, write_solution(room, 7))
    assert len(calls) == 3  # a run that fails is not run again


def test_what_is_recorded_is_not_run_again_until_its_key_changes(room):
    runs = []

    def run():
        runs.append(1)
        return {"n": len(runs)}

    assert recorded(room, "solved", "a", run) == recorded(room, "solved", "a", run) == {"n": 1}
    assert recorded(room, "blank", "a", run) == {"n": 2}
    assert recorded(room, "solved", "b", run) == {"n": 3}
    assert recorded(room, "solved", "a", run) == {"n": 4}


def test_a_failure_is_not_recorded(room):
    with pytest.raises(ZeroDivisionError):
        recorded(room, "solved", "a", lambda: 1 / 0)
    assert recorded(room, "solved", "a", lambda: {"n": 1}) == {"n": 1}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"key": "a"}', '{"key": "a", "content": 3}'])
def test_a_damaged_record_is_made_anew(room, content):
    recorded(room, "solved", "a", lambda: {"n": 1})
    (record.FOLDER / room.name / "solved.json").write_text(content)
    assert recorded(room, "solved", "a", lambda: {"n": 2}) == {"n": 2}
    assert json.loads((record.FOLDER / room.name / "solved.json").read_text())["key"] == "a"


def test_two_at_a_time_make_one_record(room):
    runs, started = [], threading.Event()

    def slow():
        runs.append(1)
        started.wait(1)
        return {"n": len(runs)}

    found = []
    threads = [
        threading.Thread(target=lambda: found.append(recorded(room, "solved", "a", slow)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    started.set()
    for thread in threads:
        thread.join()
    assert found == [{"n": 1}] * 2
