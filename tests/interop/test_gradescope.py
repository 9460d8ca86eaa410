"""Gradescope's results.json: what the grader found, from a zip that holds all that is needed."""

import ast
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from lora_course.grading.grade import Job, blank
from lora_course.grading.records import Status
from lora_course.grading.session import Session
from lora_course.interop import gradescope, other_user
from lora_course.interop.gradescope_zip import PackError, write_zip
from lora_course.sandbox import seccomp
from lora_course.sandbox.limits import Limits, SandboxError
from tests import WATCHDOG, is_root
from tests.conftest import ROOT
from tests.example import HALF_B, QUESTIONS, ROOM, SQUARE, A
from tests.grading.notebooks import notebook

POINTS = sum(question.max_points for question in QUESTIONS)
TINY = notebook(A, HALF_B)


@pytest.fixture
def submission(tmp_path):
    folder = tmp_path / "submission"
    folder.mkdir()
    (folder / "mine.ipynb").write_bytes(TINY)
    return folder


@pytest.fixture
def no_sandbox(monkeypatch):
    def refuse(*arguments):
        raise SandboxError("not here")

    monkeypatch.setattr(gradescope, "try_out", refuse)


def graded(submission, *options):
    out = submission.parent / "results.json"
    status = gradescope.main([str(submission), str(out), "--chapter", "4", *options])
    return json.loads(out.read_text()), status


def by_number(record):
    return {test["number"]: test for test in record["tests"]}


def test_the_unpacked_zip_grades_a_notebook(tmp_path, submission, sandbox):
    with zipfile.ZipFile(write_zip(tmp_path / "auto.zip", 4)) as archive:
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
        archive.extractall(tmp_path / "source")
    assert all(stat.S_IMODE(modes[name]) == 0o755 for name in ("setup.sh", "run_autograder"))
    results = tmp_path / "results" / "results.json"
    settings = {
        "LORA_COURSE_SUBMISSION": str(submission),
        "LORA_COURSE_RESULTS": str(results),
        "LORA_COURSE_PYTHON": sys.executable,
    }
    subprocess.run(
        ["bash", str(tmp_path / "source" / "run_autograder")],
        env={**os.environ, **settings},
        check=True,
        timeout=WATCHDOG,
    )
    record = json.loads(results.read_text())
    tests = by_number(record)
    assert record["score"] == 3 == sum(test["score"] for test in record["tests"])
    assert sum(test["max_score"] for test in record["tests"]) == POINTS
    assert record["output"].startswith(f"3 of {POINTS} points. Status: ok.")
    assert "sandbox" not in record["output"]
    assert tests["1.2"]["status"] == "passed" and tests["1.2"]["score"] == 1
    assert tests["1.2"]["name"] == "Count the trainable parameters: rectangular matrices"
    assert tests["2.2"]["status"] == "failed" and tests["2.2"]["score"] == 0
    assert "Precision ignored: " in tests["2.2"]["output"]
    assert tests["3.1"]["output"].startswith("not attempted")
    assert {test["visibility"] for test in record["tests"]} == {"visible"}
    assert {test["output_format"] for test in record["tests"]} == {"text"}


def test_the_packed_course_is_whole(tmp_path):
    with zipfile.ZipFile(write_zip(tmp_path / "auto.zip", 4)) as archive:
        archive.extractall(tmp_path)
    code = (
        "import lora_course.interop.gradescope as g, lora_course.interop.gradescope_zip as z, sys;"
        "print(g.__file__); z.write_zip(z.Path(sys.argv[1]), 4)"
    )
    again = tmp_path / "again.zip"
    done = subprocess.run(
        [sys.executable, "-c", code, str(again)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "course")},
        capture_output=True,
        text=True,
        check=True,
        timeout=WATCHDOG,
    )
    assert done.stdout.startswith(str(tmp_path / "course"))
    assert again.read_bytes() == (tmp_path / "auto.zip").read_bytes()


def test_there_is_a_result_even_when_python_cannot_start(tmp_path, submission):
    with zipfile.ZipFile(write_zip(tmp_path / "auto.zip", 4)) as archive:
        archive.extract("run_autograder", tmp_path)
    results = tmp_path / "results" / "results.json"
    settings = {"LORA_COURSE_RESULTS": str(results), "LORA_COURSE_PYTHON": "/no/python"}
    script = str(tmp_path / "run_autograder")
    subprocess.run(["bash", script], env={**os.environ, **settings}, check=True, timeout=WATCHDOG)
    assert json.loads(results.read_text())["score"] == 0
    assert stat.S_IMODE(results.parent.stat().st_mode) & 0o007 == 0


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "There is no .ipynb file in what you handed in."),
        (["notes.txt"], "There is no .ipynb file"),
        (
            ["a.ipynb", "sub/b.ipynb"],
            "There are 2 .ipynb files in what you handed in: a.ipynb, sub",
        ),
    ],
)
def test_what_is_not_one_notebook_is_explained(tmp_path, names, words):
    folder = tmp_path / "submission"
    (folder / "sub").mkdir(parents=True)
    for name in names:
        (folder / name).write_bytes(TINY)
    record, status = graded(folder)
    assert record["score"] == 0 and record["output"].startswith(words) and status == 0


def test_what_systems_add_is_no_second_notebook(submission, sandbox):
    for name in (".ipynb_checkpoints", "__MACOSX"):
        (submission / name).mkdir()
        (submission / name / "x.ipynb").write_bytes(TINY)
    assert graded(submission)[0]["score"] == 3


def test_a_file_that_is_no_notebook_has_no_points_and_says_why(submission, sandbox):
    (submission / "mine.ipynb").write_text("{")
    record, _ = graded(submission)
    assert record["score"] == 0 and "What happened: the file is not a notebook" in record["output"]
    assert by_number(record)["1.1"]["output"] == "not checked."


def test_without_a_sandbox_nothing_runs_unless_allowed(submission, tmp_path, no_sandbox):
    mark = tmp_path / "mark"
    (submission / "mine.ipynb").write_bytes(notebook(f"open({str(mark)!r}, 'w')", SQUARE))
    record, _ = graded(submission)
    assert record["score"] == 0 and "the notebook was not run" in record["output"]
    assert not mark.exists()


@pytest.mark.parametrize("separate", [True, False])
def test_running_without_a_sandbox_is_said_in_the_result(
    submission, no_sandbox, monkeypatch, separate
):
    # Whether the other user can read this Python depends on the machine; that it is used does not.
    monkeypatch.setattr(gradescope, "possible", lambda: separate)
    monkeypatch.setattr(gradescope, "supervise", _as_if_run)
    record, _ = graded(submission, "--without-sandbox")
    words = "as a user who cannot write" if separate else "could have changed this result"
    assert words in record["output"]
    assert record["execution_time"] == (1.0 if separate else 0.0)


def _as_if_run(job):
    """A grade that says, in its time, whether its kernel would have become another user."""
    assert not job.sandboxed
    folder = os.environ.get("IPYTHONDIR", "")
    changed = Path(folder, "profile_default", "startup", "00-become.py").exists()
    return gradescope.replace(blank(job), seconds=float(changed))


def test_without_a_sandbox_the_answers_are_checked_all_the_same(
    submission, no_sandbox, monkeypatch
):
    monkeypatch.setattr(gradescope, "possible", lambda: False)
    assert graded(submission, "--without-sandbox")[0]["score"] == 3


@pytest.mark.skipif(not is_root(), reason="only root can become another user")
def test_the_other_user_cannot_write_what_root_owns():
    with tempfile.TemporaryDirectory() as folder, other_user.other_user(Limits()):
        Path(folder).chmod(0o755)
        results = Path(folder, "results.json")
        results.write_text("mine")
        session = Session(Limits(), sandboxed=False)
        try:
            code = f"open({str(results)!r}).read(); open({str(results)!r}, 'w').write('theirs')"
            assert session.run(code, 20).error == "PermissionError"
            assert session.run("import os; os.setresuid(0, 0, 0)", 20).error == "PermissionError"
            assert session.run("open('scratch', 'w').write('x')", 20).error == ""
            data = session.ask("os.getresuid() + os.getresgid()", WATCHDOG).values["value"]["data"]
        finally:
            session.stop()
        assert data["text/plain"] == str((other_user.USER,) * 6)
        assert results.read_text() == "mine"
    assert os.geteuid() == 0


SEEN_BY_ANOTHER = """
import sys
from pathlib import Path
from lora_course.chapters.rooms import room_of
from lora_course.grading.session import Session
from lora_course.interop import other_user
from lora_course.sandbox.limits import Limits

def value(expression):
    reply = session.ask(expression, 600).values["value"]
    return reply["data"]["text/plain"] if reply["status"] == "ok" else reply["ename"]

room = room_of(int(sys.argv[1]))
with other_user.other_user(Limits()):
    session = Session(Limits(), sandboxed=False)
    print("token" in value("dict(__import__('os').environ)"))
    print(value("open(f\\"/proc/{__import__('os').getppid()}/environ\\").read()"))
    files = [path for path in room.folder.rglob("*") if path.is_file()]
    opened = {path.name: value(f"len(open({str(path)!r}).read()) > 0") for path in files}
    print(sorted(name for name, seen in opened.items() if seen == "PermissionError"))
    asked = f"__import__('{room.package}.questions', fromlist='x')"
    print(value(f"{asked}.anything.check(len)"))
    print(value("__import__('socket').create_connection(('127.0.0.1', 9))"))
    print(value("len(__import__('socket').socketpair())"))
    print(value("__import__('resource').getrlimit(2)[0] >> 20"))
    session.stop()
"""


@pytest.mark.skipif(not is_root(), reason="only root can become another user")
def test_the_other_user_sees_no_environment_no_answers_and_no_network():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        left_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "lora_course", Path(folder, "lora_course"), ignore=left_out)
        environment = {**os.environ, "PYTHONPATH": folder, "SECRET": "token"}
        for arguments in (
            ["-m", "lora_course.interop.other_user"],
            [
                "-c",
                "from lora_course.chapters.rooms import rooms\n[r.questions() for r in rooms()]",
            ],
            ["-c", SEEN_BY_ANOTHER, str(ROOM.number)],
        ):
            done = subprocess.run(
                [sys.executable, *arguments],
                env=environment,
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr[-2000:]
    closed = {"built.json", "chapter.py", "questions.py", "recall.py"}
    closed |= {path.name for path in ROOM.folder.glob("check_*.py")}
    # What is compiled is closed, of all that asking for the questions has loaded: probes as well.
    loaded = [*closed, *(path.name for path in ROOM.folder.glob("*_probe.py"))]
    closed |= {f"{Path(name).stem}.{sys.implementation.cache_tag}.pyc" for name in loaded}
    token, parent, seen, asked, network, *rest = done.stdout.splitlines()
    assert (token, parent) == ("False", "PermissionError")
    assert set(ast.literal_eval(seen)) <= closed | {"__init__.cpython-311.pyc"}
    wanted = {"built.json", "chapter.py", "questions.py", "recall.py"}
    assert wanted <= set(ast.literal_eval(seen))
    assert "graded elsewhere" in asked
    assert seccomp.program() is None or network == "OSError"
    assert rest == ["2", str(Limits().memory_mb)]


@pytest.mark.skipif(not is_root(), reason="only root can become another user")
def test_a_user_who_cannot_read_the_packages_is_no_help(tmp_path, monkeypatch):
    tmp_path.chmod(0o700)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert not other_user.possible()


def test_the_graders_own_trouble_is_told_and_leaves_a_result(submission, monkeypatch, capsys):
    def fail(*arguments):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(gradescope, "submissions", fail)
    record, status = graded(submission)
    assert status == 1 and record["score"] == 0 and "tell your instructor" in record["output"]
    assert "ZeroDivisionError: oh" in capsys.readouterr().err


@pytest.mark.parametrize("status", list(Status))
def test_every_status_is_explained(status):
    one = gradescope.replace(blank(Job("", "a", "", 4, "")), status=status, reason="cell 3 broke")
    record = gradescope.results(one)
    assert record["output"].startswith(f"0 of {POINTS} points. Status: {status.value}.")
    assert "What happened: " in record["output"] and "cell 3 broke." in record["output"]
    reached = "not come to" in record["tests"][0]["output"]
    assert reached == (status in (Status.TIME, Status.GRADER))


def test_the_same_course_gives_the_same_zip_without_leftovers(tmp_path):
    first, second = (write_zip(tmp_path / name, 4) for name in ("a.zip", "b.zip"))
    assert first.read_bytes() == second.read_bytes()
    names = zipfile.ZipFile(first).namelist()
    assert "course/pyproject.toml" in names and "course/lora_course/cli.py" in names
    assert "course/LICENSE" in names and "course/README.md" in names
    assert not [name for name in names if "__pycache__" in name or "/." in name]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "b.zip"]


def test_an_installed_course_writes_the_same_zip(tmp_path):
    """From what a wheel holds: the package, and what pyproject.toml adds to it."""
    site = tmp_path / "site-packages"
    left_out = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "lora_course", site / "lora_course", ignore=left_out)
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    added = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for source, place in added.items():
        (site / place).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copyfile
        copy(ROOT / source, site / place)
    command = [sys.executable, "-m", "lora_course.cli", "export-gradescope", str(ROOM.number)]
    done = subprocess.run(
        [*command, str(tmp_path / "installed.zip")],
        env={**os.environ, "PYTHONPATH": str(site)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    same = write_zip(tmp_path / "cloned.zip", ROOM.number)
    assert (tmp_path / "installed.zip").read_bytes() == same.read_bytes()


def test_a_zip_that_cannot_be_made_is_explained(tmp_path):
    with pytest.raises(PackError, match=r"holds no pyproject\.toml.*as cloned or unpacked"):
        write_zip(tmp_path / "a.zip", 4, root=tmp_path)
    with pytest.raises(ValueError, match="no chapter 99"):
        write_zip(tmp_path / "a.zip", 99)
    assert not list(tmp_path.iterdir())
