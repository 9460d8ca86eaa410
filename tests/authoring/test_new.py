"""A new chapter: one command writes a draft that runs, and nothing outside its room changes."""

import os
import shutil
import subprocess
import sys

import pytest

from lora_course.authoring.new import new_room
from lora_course.chapters import rooms
from tests.conftest import ROOMS, ROOT

NUMBER, TOPIC = 98, "some_topic"
ROOM = f"ch{NUMBER}_{TOPIC}"
OWN = {
    f"lora_course/chapters/{ROOM}",
    f"tests/chapters/{ROOM}",
    f"notebooks/{NUMBER}_{TOPIC}.ipynb",
    f"notebooks/solutions/{NUMBER}_{TOPIC}.ipynb",
}
LISTS = {"README.md", "notebooks/index.ipynb"}  # generated


@pytest.fixture
def copy(tmp_path):
    """This repository as it stands, without what is ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    folder = tmp_path / "course"
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    return folder


def git(folder, *arguments):
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def python(folder, *arguments):
    """Run Python on the copy's course; what it prints."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "PYTEST_XDIST_WORKER": "gw0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def changed(folder):
    """What is new or other than in the index, by room: git names a folder that is all new."""
    lines = git(folder, "status", "--porcelain").splitlines()
    return {line[3:].rstrip("/") for line in lines if line[1] != " "}


@pytest.mark.long
def test_a_draft_builds_and_passes_its_tests_and_touches_nothing_else(copy):
    course = ("-m", "lora_course.cli")
    assert "A draft" in python(copy, *course, "new", str(NUMBER), TOPIC)
    python(copy, *course, "build", str(NUMBER))
    assert changed(copy) == OWN  # a draft stands in no list
    python(copy, "-m", "ruff", "check", ".")
    python(copy, "-m", "ruff", "format", "--check", ".")
    python(copy, "-m", "pytest", "-q", "tests/chapters", "-k", ROOM)
    # Said to be finished, it stands in the lists, and still nowhere else.
    source = copy / "lora_course" / "chapters" / ROOM / "chapter.py"
    source.write_text(source.read_text().replace(" draft=true", ""))
    python(copy, *course, "build", str(NUMBER), "--no-execute")
    assert changed(copy) == OWN | LISTS


@pytest.mark.parametrize(
    ("number", "topic", "words"),
    [
        (0, "x", "from 1 to 99"),
        (100, "x", "from 1 to 99"),
        (NUMBER, "Some Topic", "small letters"),
        (NUMBER, "../x", "small letters"),
        (NUMBER, "", "small letters"),
        (ROOMS[0].number, "x", ROOMS[0].name),
    ],
)
def test_a_room_that_cannot_be_is_refused(tmp_path, number, topic, words):
    with pytest.raises(ValueError, match=words):
        list(new_room(number, topic, tmp_path))
    assert not list(tmp_path.iterdir())


def test_outside_of_the_courses_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(rooms, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match="in the folder of the course's source"):
        list(new_room(NUMBER, TOPIC, tmp_path / "none"))
    assert not list(tmp_path.iterdir())
