"""The rooms: each has what a chapter needs, drafts wait, and shared code names none of them."""

import re
import subprocess

import pytest

from lora_course.authoring import build
from lora_course.authoring.source import read_source, variant
from lora_course.chapters.rooms import Room, question_of, room_of, rooms
from lora_course.checks.result import Outcome
from tests.chapters.fixture import answer_of, answers_of
from tests.conftest import ROOMS, ROOT

DRAFTS = [room for room in rooms(drafts=True) if room.draft]


def test_each_room_has_its_files_and_its_tests(room):
    names = {path.name for path in room.folder.iterdir()}
    assert {"chapter.py", "questions.py", "built.json", "__init__.py"} <= names
    assert (ROOT / "tests" / "chapters" / room.name / "answers.py").exists()
    assert all(question.room.endswith(f".{room.name}") for question in room.questions())


def test_each_number_stands_once():
    numbers = [room.number for room in rooms(drafts=True)]
    assert numbers == sorted(set(numbers))


def test_a_question_is_found_by_its_key(room):
    for question in room.questions():
        assert question_of(question.key) is question


@pytest.mark.parametrize("key", ["", "ch04", "ch99.x", "ch04.", "ch4.choice", "os.path"])
def test_a_key_that_is_none_is_refused(key):
    with pytest.raises(ValueError, match="is no question"):
        question_of(key)


@pytest.mark.parametrize("name", ["rank", "ch4_rank", "ch04", "04_rank", "ch04_", "ch04_Rank"])
def test_a_room_with_another_name_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="name a chapter's room like"):
        Room(tmp_path / name)


def test_a_room_without_what_is_built_is_a_draft(tmp_path):
    folder = tmp_path / "ch09_x"
    folder.mkdir()
    assert Room(folder).draft
    (folder / "built.json").write_text('{"solutions": {}, "cells": []}')
    assert not Room(folder).draft
    (folder / "built.json").write_text('{"solutions": {}, "cells": [], "draft": true}')
    assert Room(folder).draft
    assert not any(room.draft for room in ROOMS)


@pytest.mark.parametrize("draft", DRAFTS, ids=lambda room: room.name)
def test_a_draft_runs_blank_and_solved_and_its_answers_are_judged(draft, tmp_path):
    source = read_source(draft)
    for solved in (False, True):
        build.execute(variant(source, solved=solved), tmp_path)
    tables = answers_of(draft)
    for question in draft.questions():
        for fixture in tables[question.name]:
            result = question.check(answer_of(fixture.code))
            assert result.outcome is fixture.outcome, str(result)
            assert fixture.mistake in (*result.mistakes, "") and fixture.words in str(result)
        assert Outcome.NOT_ATTEMPTED in {fixture.outcome for fixture in tables[question.name]}


def test_no_shared_code_and_no_shared_test_names_a_chapter_or_a_question():
    listed = subprocess.run(
        ["git", "ls-files", "-z", "*.py", "Makefile", ".ci/run", "pyproject.toml"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    own = re.compile(r"(lora_course|tests)/chapters/ch\d\d_\w+/")
    keys = [question.key for room in ROOMS for question in room.questions()]
    names = [room.name for room in ROOMS] + [room.notebook for room in ROOMS] + keys
    named = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in names))
    example = "tests/example.py"  # the one chapter that tests of shared code take
    listed_names = filter(None, listed.stdout.split("\0"))
    files = [name for name in listed_names if not own.match(name) and name != example]
    assert len(files) > 200
    found = {
        name: sorted(set(named.findall((ROOT / name).read_text(encoding="utf-8"))))
        for name in files
    }
    assert not {name: names for name, names in found.items() if names}


def test_a_chapter_that_is_none_is_told_with_those_that_there_are():
    with pytest.raises(ValueError, match="no chapter 99; there are 1, 2"):
        room_of(99)
