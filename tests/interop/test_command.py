"""The commands that hand chapters to other systems, and scores back to one."""

import csv
import json
import zipfile
from argparse import Namespace
from dataclasses import replace

import pytest

from lora_course.cli import main
from lora_course.grading.grade import Job, blank
from lora_course.grading.records import Status
from lora_course.interop.command import merge_into_canvas
from tests.conftest import ROOT

GRADEBOOK = """\
Student,ID,SIS User ID,SIS Login ID,Section,Chapter 4 (77)
    Points Possible,,,,,13
"Lovelace, Ada",12,s12,ada,A,
"Bitdiddle, Ben",34,s34,ben,A,
"""


def test_a_chapter_goes_to_nbgrader(tmp_path, capsys):
    command = ["export-nbgrader", "4", str(tmp_path)]
    assert main(command) == 0
    (written,) = (tmp_path / "source").glob("*/*.ipynb")
    cells = json.loads(written.read_text(encoding="utf-8"))["cells"]
    points = [c["metadata"].get("nbgrader", {}).get("points", 0) for c in cells]
    assert sum(points) == 13
    assert main(command) == 2 and "exists" in capsys.readouterr().err
    assert main([*command, "--overwrite"]) == 0


def test_a_chapter_goes_to_gradescope(tmp_path):
    out = tmp_path / "four.zip"
    assert main(["export-gradescope", "4", str(out)]) == 0
    names = zipfile.ZipFile(out).namelist()
    assert {"setup.sh", "run_autograder", "course/lora_course/cli.py"} <= set(names)


@pytest.mark.parametrize("command", ["export-nbgrader", "export-gradescope", "build"])
def test_a_chapter_that_there_is_not(tmp_path, command, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    out = [] if command == "build" else [str(tmp_path / "out")]
    assert main([command, "99", *out]) == 2
    assert "no chapter 99" in capsys.readouterr().err


def test_scores_go_to_canvas_and_failures_of_the_grader_do_not(tmp_path, capsys):
    gradebook, out = tmp_path / "book.csv", tmp_path / "canvas.csv"
    gradebook.write_text(GRADEBOOK, encoding="utf-8")
    job = Job("", "a.ipynb", "ada", 4, "seed")
    ada = blank(job)
    ben = replace(ada, file="b.ipynb", learner="ben", status=Status.GRADER)
    for _ in range(2):  # the second time over the first one's file
        options = Namespace(canvas=gradebook, canvas_column=None, out=tmp_path)
        merge_into_canvas(options, [ada, ben])
    _, _, first, second = csv.reader(out.read_text(encoding="utf-8").splitlines())
    assert (first[-1], second[-1]) == ("0", "")
    told = capsys.readouterr().out
    assert "the grader itself failed: b.ipynb" in told and "without a grade: Bitdiddle, Ben" in told
