"""Every submission of the corpus, honest and hostile, graded by the instructor's command.

The files stand in `submissions.py` and its neighbours among the tests of the example's chapter.
"""

import csv
import html.parser
import json
import os
import subprocess
import sys
from importlib import import_module

import pytest

from tests.example import FULL, NAMES, ROOM, A
from tests.grading.notebooks import notebook
from tests.grading.watched import Watched, left_behind

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("sandbox")]
submissions = import_module(f"tests.chapters.{ROOM.name}.submissions")
FILES = {
    **{
        f"{number:03d} {entry.name}.ipynb": entry
        for number, entry in enumerate(submissions.ENTRIES)
    },
    **{submissions.NAMES[entry.name]: entry for entry in submissions.NAMED},
}
# What never ends by itself is graded apart: every such file takes as long as it is allowed to. All
# others have the command's own limits, which leave an honest one time on a busy machine.
ENDLESS = {name for name, entry in FILES.items() if entry.status == "time limit"}
SHORT = ["--cell-timeout", "30", "--timeout", "200", "--jobs", "4"]
LINKS = {"link to a solution.ipynb", "link to nothing.ipynb", "pipe.ipynb"}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The rows of both grades.csv, the two out folders, and what was watched."""
    root = tmp_path_factory.mktemp("corpus")
    folder, endless, watched_folder = (
        root / name for name in ("submissions", "endless", "watched")
    )
    for made in (folder / "nested", endless, watched_folder):
        made.mkdir(parents=True)
    watched = Watched(watched_folder)
    for name, entry in FILES.items():
        place = endless if name in ENDLESS else folder
        (place / name).write_bytes(watched.into(entry.content))
    (folder / "nested" / "perfect a.ipynb").write_bytes(notebook(A))
    (folder / "link to a solution.ipynb").symlink_to(folder / "000 perfect.ipynb")
    (folder / "link to nothing.ipynb").symlink_to(root / "nothing")
    os.mkfifo(folder / "pipe.ipynb")
    environment = {**os.environ, "GRADER_SECRET": (watched_folder / "secret.py").read_text()}
    rows, outs = [], []
    for submitted, limits in ((folder, ["--jobs", "2"]), (endless, SHORT)):
        outs.append(root / f"out of {submitted.name}")
        command = [sys.executable, "-m", "lora_course.cli", "grade", submitted]
        options = ["--chapter", str(ROOM.number), "--out", outs[-1], "--quiet", *limits]
        done = subprocess.run(
            [*command, *options], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        with (outs[-1] / "grades.csv").open(encoding="utf-8", newline="") as file:
            rows += csv.DictReader(file)
    watched.close()
    return rows, outs, watched


def row_of(graded, name):
    shown = " ".join(name.splitlines())
    shown = f"'{shown}" if shown[0] in "=+-@" else shown
    return next(row for row in graded[0] if row["file"] == shown)


def test_every_file_has_one_row(graded):
    assert len(graded[0]) == len(FILES) + len(LINKS) + 1
    assert len({row["file"] for row in graded[0]}) == len(graded[0])


@pytest.mark.parametrize("name", FILES, ids=lambda name: FILES[name].name)
def test_what_the_work_deserves(graded, name):
    entry, row = FILES[name], row_of(graded, name)
    earned = {question: int(row[question]) for question in NAMES}
    assert earned == dict.fromkeys(NAMES, 0) | entry.points, row
    assert row["status"] == entry.status, row
    assert entry.reason in row["reason"]
    assert int(row["score"]) == entry.score and int(row["max"]) == sum(FULL.values())


@pytest.mark.parametrize("name", sorted(LINKS))
def test_links_and_pipes_are_not_followed(graded, name):
    row = row_of(graded, name)
    assert (row["status"], row["score"]) == ("unreadable", "0")


def test_a_nested_file_is_graded(graded):
    row = row_of(graded, "nested/perfect a.ipynb")
    assert (row["learner"], row["score"]) == ("nested", "2")


def test_nothing_outside_changed(graded):
    _, _, watched = graded
    assert watched.state() == watched.before
    assert watched.connections == 0
    assert not left_behind()


def test_hostile_text_cannot_become_a_formula(graded):
    for row in graded[0]:
        assert not any(value.startswith(("=", "+", "-", "@")) for value in row.values() if value)


class Live(html.parser.HTMLParser):
    """Collects what a browser would run or fetch."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        if tag in ("script", "img", "iframe", "object", "embed", "link", "form", "base"):
            self.found.append(tag)
        self.found += [name for name, _ in attributes if name.startswith("on")]


def test_no_page_runs_anything(graded):
    pages = [path for out in graded[1] for path in (out / "feedback").iterdir()]
    assert len(pages) == len(graded[0])
    pages += [out / "summary.html" for out in graded[1]]
    for path in pages:
        live = Live()
        live.feed(path.read_text(encoding="utf-8"))
        assert live.found == [], path


def test_every_result_can_be_read_back(graded):
    for path in (path for out in graded[1] for path in (out / "results").iterdir()):
        record = json.loads(path.read_text(encoding="utf-8"))
        assert record["score"] == sum(q["points"] for q in record["questions"].values())
