"""Every submission of the corpus, honest and hostile, graded by the instructor's command.

The files stand in `submissions.py` among the tests of each chapter that has some. Those that try
the sandbox are graded as root and as an ordinary user, for whom it is built in another way; all the
others by one of the two, in turn.
"""

import csv
import html.parser
import json
import os
import subprocess
import sys
from contextlib import nullcontext
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import is_root, ordinary_user
from tests.conftest import ROOMS, in_turn
from tests.example import FULL, ROOM, A
from tests.grading.notebooks import notebook
from tests.grading.watched import Watched, left_behind

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("sandbox")]
# What never ends by itself is graded apart: every such file takes as long as it is allowed to. All
# others have the command's own limits, which leave an honest one time on a busy machine.
SHORT = ["--cell-timeout", "30", "--timeout", "200", "--jobs", "4"]
TOKEN = "a-token-of-the-instructors"
LINKS = {"link to a solution.ipynb", "link to nothing.ipynb", "pipe.ipynb"}


class Corpus(NamedTuple):
    """A chapter's submissions, by their files' names, and who grades them; or those of them alone
    that try the sandbox."""

    room: object
    ordinary: bool = False
    whole: bool = True

    @property
    def files(self):
        module = import_module(f"tests.chapters.{self.room.name}.submissions")
        numbered = enumerate(module.ENTRIES)
        files = {f"{number:03d} {entry.name}.ipynb": entry for number, entry in numbered}
        files |= getattr(module, "NAMED", {})
        return {name: one for name, one in files.items() if one.sandboxed or self.whole}

    @property
    def example(self):
        return self.whole and self.room == ROOM

    def __str__(self):
        return f"{self.room.name}{' as another user' * self.ordinary}{', whole' * self.whole}"


class Done(NamedTuple):
    """What came of it: the rows of the tables, the out folders, and what was watched."""

    corpus: Corpus
    rows: list
    outs: list
    watched: Watched

    def row_of(self, name):
        shown = " ".join(name.splitlines())
        shown = f"'{shown}" if shown[0] in "=+-@" else shown
        return next(row for row in self.rows if row["file"] == shown)


WITH_SOME = [room for room in ROOMS if find_spec(f"tests.chapters.{room.name}.submissions")]
CORPORA = [Corpus(room) for room in WITH_SOME]
if is_root() and ordinary_user.PYTHON.exists():
    whole = in_turn([False, True])
    every = [Corpus(room, user, user == whole) for room in WITH_SOME for user in (False, True)]
    CORPORA = [corpus for corpus in every if corpus.files]


@pytest.fixture(scope="module", params=CORPORA, ids=str)
def graded(request, tmp_path_factory):
    corpus = request.param
    with ordinary_user.home() if corpus.ordinary else nullcontext() as home:
        yield grade_all(corpus, home or tmp_path_factory.mktemp("corpus"))


def grade_all(corpus, home):
    """The submissions written into a folder below `home`, and graded."""
    folder, endless, watched_folder = (
        home / name for name in ("submissions", "endless", "watched")
    )
    for made in (folder / "nested", endless, watched_folder):
        made.mkdir(parents=True)
    watched = Watched(watched_folder)
    for name, entry in corpus.files.items():
        place = endless if entry.status == "time limit" else folder
        (place / name).write_bytes(watched.into(entry.content))
    if corpus.example:
        (folder / "nested" / "perfect a.ipynb").write_bytes(notebook(A))
        (folder / "link to a solution.ipynb").symlink_to(next(folder.glob("* perfect.ipynb")))
        (folder / "link to nothing.ipynb").symlink_to(home / "nothing")
        os.mkfifo(folder / "pipe.ipynb")
    secret = {"GRADER_SECRET": (watched_folder / "secret.py").read_text(), "GRADER_TOKEN": TOKEN}
    rows, outs = [], []
    for submitted, limits in ((folder, ["--jobs", "2"]), (endless, SHORT)):
        if not any(path.is_file() for path in submitted.rglob("*")):
            continue
        outs.append(home / f"out of {submitted.name}")
        command = ["-m", "lora_course.cli", "grade", submitted, "--out", outs[-1], "--quiet"]
        command += ["--chapter", str(corpus.room.number), *limits]
        if corpus.ordinary:
            done = ordinary_user.run(home, *command, seconds=None, **secret)
        else:
            done = subprocess.run(
                [sys.executable, *command],
                env={**os.environ, **secret},
                capture_output=True,
                text=True,
                check=False,
            )
        assert done.returncode == 0, done.stderr[-2000:]
        with (outs[-1] / "grades.csv").open(encoding="utf-8", newline="") as file:
            rows += csv.DictReader(file)
    watched.close()
    return Done(corpus, rows, outs, watched)


def test_every_file_has_one_row(graded):
    files = {row["file"] for row in graded.rows}
    more = len(LINKS) + 1 if graded.corpus.example else 0
    assert len(files) == len(graded.rows) == len(graded.corpus.files) + more


def test_what_the_work_deserves(graded):
    wrong = []
    for name, entry in graded.corpus.files.items():
        row = graded.row_of(name)
        full = {q.name: q.max_points for q in graded.corpus.room.questions()}
        earned = {question: int(row[question]) for question in full}
        if (
            earned != dict.fromkeys(full, 0) | entry.points
            or row["status"] != entry.status
            or entry.reason not in row["reason"]
            or entry.flag not in row["flags"]
            or (int(row["score"]), int(row["max"])) != (entry.score, sum(full.values()))
        ):
            wrong.append((entry.name, entry.points, entry.status, entry.reason, entry.flag, row))
    assert not wrong, "\n".join(map(str, wrong))


def test_links_and_pipes_are_not_followed(graded):
    for name in LINKS if graded.corpus.example else ():
        row = graded.row_of(name)
        assert (row["status"], row["score"]) == ("unreadable", "0")


def test_a_nested_file_is_graded(graded):
    if graded.corpus.example:
        row = graded.row_of("nested/perfect a.ipynb")
        assert (row["learner"], row["score"]) == ("nested", str(FULL[next(iter(FULL))]))


def test_nothing_outside_changed(graded):
    assert graded.watched.state() == graded.watched.before
    assert graded.watched.connections == 0
    assert not left_behind()


def test_hostile_text_cannot_become_a_formula(graded):
    for row in graded.rows:
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


def test_no_page_runs_anything_or_tells_a_secret(graded):
    pages = [path for out in graded.outs for path in (out / "feedback").iterdir()]
    assert len(pages) == len(graded.rows)
    pages += [out / "summary.html" for out in graded.outs]
    for path in pages:
        text = path.read_text(encoding="utf-8")
        live = Live()
        live.feed(text)
        assert live.found == [], path
        assert TOKEN not in text, path


def test_every_result_can_be_read_back(graded):
    for path in (path for out in graded.outs for path in Path(out, "results").iterdir()):
        record = json.loads(path.read_text(encoding="utf-8"))
        assert record["score"] == sum(q["points"] for q in record["questions"].values())
