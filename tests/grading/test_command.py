"""`lora-course grade` as an instructor uses it."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from lora_course.cli import main
from lora_course.grading import batch
from lora_course.grading import store as grade_store
from lora_course.grading.grade import Job, blank
from lora_course.grading.records import CellNote, Flag, Graded, Status
from lora_course.grading.store import GradeStore
from lora_course.grading.supervise import supervise
from lora_course.sandbox import shown
from tests import WATCHDOG, takes_interrupts
from tests.conftest import ROOMS
from tests.example import NAMES, ROOM, A, B
from tests.grading.notebooks import notebook
from tests.grading.watched import left_behind

needs_sandbox = pytest.mark.usefixtures("sandbox")


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "submissions"
    made.mkdir()
    (made / "ada_12_04.ipynb").write_bytes(notebook(A, B))
    (made / "ben_34_04.ipynb").write_bytes(notebook(A))
    (made / "notes.txt").write_text("see you")
    return made


def grade(folder, *options, out="out"):
    arguments = [str(folder), "--chapter", "4", "--out", str(folder.parent / out), "--quiet"]
    return main(["grade", *arguments, *map(str, options)])


def rows(folder, out="out"):
    with (folder.parent / out / "grades.csv").open(encoding="utf-8", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def graded_points(folder, out="out"):
    return {name: (row["score"], row["status"]) for name, row in rows(folder, out).items()}


POINTS = {
    "ada_12_04.ipynb": ("4", "ok"),
    "ben_34_04.ipynb": ("2", "ok"),
    "notes.txt": ("0", "unreadable"),
}


@needs_sandbox
def test_a_folder_becomes_a_table_pages_and_a_summary(folder, capsys):
    roster = folder.parent / "roster.csv"
    roster.write_text("learner,id\nAda Lovelace,12\nBen Bitdiddle,34\nCy,56\n", encoding="utf-8")
    assert grade(folder, "--roster", roster) == 0
    assert "3 of 3 files graded: 2 ok, 1 unreadable" in capsys.readouterr().out
    table = rows(folder)
    absent = table.pop("")
    assert (absent["learner"], absent["status"]) == ("Cy", "no submission")
    assert {name: (row["score"], row["status"]) for name, row in table.items()} == POINTS
    assert table["ada_12_04.ipynb"]["learner"] == "Ada Lovelace"
    assert (table["ada_12_04.ipynb"]["lora_params"], table["ada_12_04.ipynb"]["max"]) == ("2", "13")
    out = folder.parent / "out"
    pages = [path.read_text(encoding="utf-8") for path in (out / "feedback").iterdir()]
    assert len(pages) == 3 and any("Count the trainable parameters" in page for page in pages)
    assert "Ada Lovelace" in (out / "summary.html").read_text(encoding="utf-8")


@needs_sandbox
def test_what_is_graded_is_kept_and_what_changes_is_graded_again(folder, monkeypatch):
    assert grade(folder) == 0
    asked = []
    monkeypatch.setattr(batch, "supervise", lambda job: asked.append(job.file) or supervise(job))
    assert grade(folder) == 0 and asked == []
    (folder / "ben_34_04.ipynb").write_bytes(notebook(A, B))
    assert grade(folder) == 0 and asked == ["ben_34_04.ipynb"]
    assert graded_points(folder)["ben_34_04.ipynb"] == ("4", "ok")
    assert grade(folder, "--cell-timeout", 100) == 0 and len(asked) == 4


@needs_sandbox
def test_the_graders_own_failures_are_tried_again(folder, monkeypatch):
    failed = replace(supervise(Job("", "", "", 4, "")), status=Status.GRADER, reason="bad luck")
    with monkeypatch.context() as patch:
        patch.setattr(batch, "supervise", lambda job: replace(failed, file=job.file))
        assert grade(folder) == 0
    assert {status for _, status in graded_points(folder).values()} == {"grader error"}
    assert grade(folder) == 0
    assert graded_points(folder) == POINTS


@needs_sandbox
def test_the_same_seed_gives_the_same_grades(folder):
    wrong = A.replace("d_out + d_in", "d_out * d_in")
    (folder / "cy_04.ipynb").write_bytes(notebook(wrong))

    def findings(out):
        (path,) = (folder.parent / out / "results").glob("cy*.json")
        record = json.loads(path.read_text(encoding="utf-8"))
        return record["questions"]["lora_params"]["parts"][0]["called"]

    for out, seed in (("one", "x"), ("two", "x"), ("other", "y")):
        grade(folder, "--seed", seed, out=out)
    assert findings("one") == findings("two") != findings("other")


@needs_sandbox
def test_several_processes_give_the_same_table(folder):
    assert grade(folder, "--jobs", 2) == 0
    assert graded_points(folder) == POINTS


@needs_sandbox
@pytest.mark.long
def test_a_cluster_gives_the_same_table(folder):
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        assert grade(folder, "--scheduler", cluster.scheduler_address) == 0
    assert graded_points(folder) == POINTS


@needs_sandbox
@pytest.mark.long
@pytest.mark.parametrize(
    ("jobs", "stop"), [("1", "Ctrl-C"), ("2", "Ctrl-C"), ("1", "kill"), ("2", "kill")]
)
def test_a_stopped_run_leaves_nothing_behind_and_continues(folder, jobs, stop):
    slow = "import time\ntime.sleep(20)"
    for number in range(3):
        (folder / f"slow{number}.ipynb").write_bytes(notebook(slow, A))
    out = folder.parent / "out"
    command = [sys.executable, "-m", "lora_course.cli", "grade", str(folder), "--chapter", "4"]
    options = ["--out", str(out), "--jobs", jobs]
    scratch = folder.parent / "scratch"
    scratch.mkdir()
    running = subprocess.Popen(
        [*command, *options],
        env={**os.environ, "TMPDIR": str(scratch)},
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=takes_interrupts,  # noqa: PLW1509  # no thread runs here
    )
    end = time.monotonic() + WATCHDOG
    while len(list((out / "results").glob("*.json"))) < 2 and time.monotonic() < end:
        time.sleep(0.1)
    if stop == "Ctrl-C":
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does
    else:
        os.kill(running.pid, signal.SIGTERM)  # as a batch system does
    _, words = running.communicate(timeout=WATCHDOG)
    assert running.returncode == 130, words.decode()[-1000:]
    assert not left_behind()
    before = {p.name: p.stat().st_mtime_ns for p in (out / "results").iterdir()}
    assert 2 <= len(before) < 6
    assert not list(scratch.glob("*/*"))
    statuses = Counter(row["status"] for row in rows(folder).values())
    assert statuses.total() == 6 and statuses["not graded yet"] == 6 - len(before)
    for number in range(3):
        (folder / f"slow{number}.ipynb").write_bytes(notebook(A))
    assert grade(folder) == 0
    after = {p.name: p.stat().st_mtime_ns for p in (out / "results").iterdir()}
    assert before.items() <= after.items() and len(after) == 6
    expected = POINTS | {f"slow{number}.ipynb": ("2", "ok") for number in range(3)}
    assert graded_points(folder) == expected


# Takes no interrupt; a minute at most, should nothing end it.
STUBBORN = """
import time
end = time.time() + 55
while time.time() < end:
    try:
        time.sleep(0.01)
    except BaseException:
        pass
"""


def test_many_processes_at_a_time_lose_no_exit_status(tmp_path):
    """One thread that starts a process once read the status that another was to read."""
    path = tmp_path / "x.ipynb"
    path.write_bytes(b"{")
    job = Job(str(path), "x.ipynb", "x", ROOM.number, "seed")
    with ThreadPoolExecutor(4) as pool:
        statuses = {graded.status for graded in pool.map(supervise, [job] * 100)}
    assert statuses == {Status.UNREADABLE}


def test_a_long_path_of_the_temporary_folder_ends_no_grading(tmp_path):
    """Python's own sockets were made in it, where their paths were too long."""
    folder = tmp_path / "submissions"
    folder.mkdir()
    (folder / "x.ipynb").write_bytes(b"{")
    long = tmp_path / ("long" * 20)
    long.mkdir()
    command = [sys.executable, "-m", "lora_course.cli", "grade", str(folder)]
    options = ["--chapter", str(ROOM.number), "--out", str(tmp_path / "out")]
    subprocess.run([*command, *options], env={**os.environ, "TMPDIR": str(long)}, check=True)
    assert rows(folder)["x.ipynb"]["status"] == Status.UNREADABLE.value
    # torch makes a folder for what it compiles, wherever it is imported.
    assert {path.name.partition("_")[0] for path in long.iterdir()} <= {"torchinductor"}


@needs_sandbox
def test_a_process_that_does_not_end_is_ended_and_keeps_what_it_wrote(tmp_path, monkeypatch):
    path = tmp_path / "x.ipynb"
    path.write_bytes(notebook(A, STUBBORN))
    job = Job(str(path), "x.ipynb", "x", 4, "seed", cell_seconds=50)
    graded = supervise(replace(job, seconds=4), grace=-1)
    assert graded.status is Status.TIME and "was stopped" in graded.reason
    assert set(graded.results) == set(NAMES)


def test_a_table_that_someone_has_changed_is_kept(tmp_path):
    store = GradeStore(tmp_path, None)
    assert store.edited is None
    store.write_grades("file,score\n")
    store.write_grades("a,1\n", more=True)
    assert GradeStore(tmp_path, None).edited is None
    for content in ("file,score\na,2\n", "file,score\na,3\n"):
        (tmp_path / "grades.csv").write_text(content)
        kept = GradeStore(tmp_path, None).edited
        assert kept.read_text() == content
    assert GradeStore(tmp_path, None).edited is None
    assert {path.name for path in tmp_path.glob("*.csv")} == {
        "grades.edited-1.csv",
        "grades.edited-2.csv",
    }


@needs_sandbox
def test_a_changed_table_is_told(folder, capsys):
    grade(folder)
    (folder.parent / "out" / "grades.csv").write_text("mine")
    assert grade(folder) == 0
    assert "grades.edited-1.csv" in capsys.readouterr().err
    assert graded_points(folder) == POINTS


def test_what_changes_the_checks_has_files_graded_again(tmp_path, monkeypatch):
    job, graded = some_grade()
    store = GradeStore(tmp_path, "seed")
    store.keep("page", job, graded, "")
    assert store.kept("page", job) == graded
    monkeypatch.setattr(grade_store, "_course", lambda chapter: "another")
    assert store.kept("page", job) is None


def test_the_course_is_known_by_its_checks_and_the_chapters_points(monkeypatch):
    first = grade_store._course.__wrapped__(ROOM.number)
    assert grade_store._course.__wrapped__(ROOM.number) == first
    others = [room for room in ROOMS if room != ROOM]
    assert first not in {grade_store._course.__wrapped__(room.number) for room in others}
    monkeypatch.setattr(grade_store, "_hash", lambda content: f"{content!r:.9}")
    assert grade_store._course.__wrapped__(ROOM.number) != first


@pytest.mark.parametrize("where", ["folder", "out", "roster"])
def test_what_submissions_could_read_is_refused(folder, monkeypatch, capsys, where):
    seen = folder.parent / "seen"
    monkeypatch.setattr(shown, "folders", lambda: [str(seen)])
    roster = folder.parent / "roster.csv"
    if where == "folder":
        folder = folder.rename(folder.parent / "seen")
    if where == "roster":
        seen.mkdir()
        roster = seen / "roster.csv"
    roster.write_text("learner,id\nAda,12\n")
    out = "seen/out" if where == "out" else "out"
    assert grade(folder, "--roster", roster, out=out) == 2
    told = capsys.readouterr().err
    assert "every submission can read" in told and str(seen) in told


def test_without_a_sandbox_nothing_runs_unless_told(folder, monkeypatch, capsys):
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert grade(folder) == 2
    assert "apt install bubblewrap" in capsys.readouterr().err
    assert not (folder.parent / "out").exists()
    assert grade(folder, "--unsafe") == 0
    assert "can do on this machine whatever you can" in capsys.readouterr().err
    assert graded_points(folder) == POINTS


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--chapter", "99"], "no chapter 99"),
        (["--memory", "10"], "at least 256"),
        (["--jobs", "0"], "jobs"),
        (["--cell-timeout", "-1"], "cell-timeout"),
        (["--timeout", "nan"], "timeout"),
        (["--roster", "nowhere.csv"], "nowhere.csv"),
        (["--out", "submissions/out"], "lies in the folder of submissions"),
        (["--out", "submissions/notes.txt/out"], "lies in the folder of submissions"),
    ],
    ids=str,
)
def test_options_that_cannot_be(folder, monkeypatch, capsys, options, words):
    monkeypatch.chdir(folder.parent)
    arguments = ["grade", "submissions", "--chapter", "4", "--out", "out", *options]
    assert main(arguments) == 2
    assert words in capsys.readouterr().err


def test_a_folder_that_is_none(tmp_path, capsys):
    assert main(["grade", str(tmp_path / "no"), "--chapter", "4", "--out", str(tmp_path)]) == 2
    assert "is not a folder" in capsys.readouterr().err


@needs_sandbox
@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"seed": null}', "[" * 100_000])
def test_a_damaged_seed_file_is_told(folder, capsys, content):
    out = folder.parent / "out"
    out.mkdir()
    (out / "run.json").write_text(content)
    assert grade(folder) == 2
    assert "give the --seed" in capsys.readouterr().err


def some_grade():
    job = Job("no such file", "f", "l", 4, "s")
    told = {"cells": (CellNote(1, "raised"),), "flags": (Flag(2, "changes a module"),)}
    return job, replace(blank(job), status=Status.DIED, reason="r", seconds=1.5, **told)


def test_grades_are_read_back_as_written():
    _, graded = some_grade()
    assert Graded.from_json(json.loads(json.dumps(graded.as_json()))) == graded
    with pytest.raises(ValueError, match="format=0"):
        Graded.from_json({**graded.as_json(), "format": 0})


QUESTION = {"title": "t", "parts": []}


@pytest.mark.parametrize(
    "damage",
    [
        *({"file": None}, {"learner": 1}, {"chapter": "4"}, {"status": "fine"}, {"status": []}),
        *({"seconds": "1"}, {"reason": None}, {"questions": []}, {"questions": {"choice": 1}}),
        {"questions": {"choice": QUESTION}},  # not all of them
        {"questions": {"choice": QUESTION | {"title": 1}}},
        {"questions": {"choice": QUESTION | {"parts": [{"outcome": "correct"}]}}},
        *({"cells": None}, {"cells": [1]}, {"cells": [{"cell": "1", "text": "x"}]}),
        *({"flags": None}, {"flags": [1]}, {"flags": [{"cell": "1", "text": "x"}]}),
    ],
    ids=str,
)
def test_a_damaged_grade_is_made_again(tmp_path, damage):
    job, graded = some_grade()
    store = GradeStore(tmp_path, "seed")
    store.keep("page", job, graded, "")
    assert store.kept("page", job) == graded
    path = tmp_path / "results" / "page.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | damage))
    assert store.kept("page", job) is None
