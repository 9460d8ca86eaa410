"""Progress is the best of each question, survives a new kernel, and asks nothing of anyone."""

import json

import pytest

from lora_course import learner, progress
from lora_course.chapters.rooms import questions_of, rooms
from lora_course.checks.question import NO_CHECKS
from lora_course.cli import main
from tests.example import FIRST


def right(layer_dim, rank, num_layers=32):
    d_out, d_in = (layer_dim, layer_dim) if isinstance(layer_dim, int) else layer_dim
    return num_layers * rank * (d_out + d_in)


def half(layer_dim, rank, num_layers=32):
    size = layer_dim if isinstance(layer_dim, int) else layer_dim[0]
    return num_layers * rank * 2 * size


NOTHING = "Chapter 4: 0 of 5 questions, 0 of 13 points"


def test_nothing_yet(capsys):
    assert NOTHING in str(progress())
    assert main(["progress"]) == 0
    assert NOTHING in capsys.readouterr().out


def test_the_best_of_a_question_counts_and_a_check_says_so():
    first = FIRST.check(half)
    assert "Chapter 4: 0 of 5 questions, 1 of 13 points" in str(first)
    passed = FIRST.check(right)
    told = "Chapter 4: 1 of 5 questions, 2 of 13 points"
    assert told in str(passed) and told in passed._repr_html_()
    again = FIRST.check(half)
    assert again.points == 1 and told in str(again)
    assert told in str(progress()) and told in progress()._repr_html_()


def test_a_blank_and_a_graded_check_leave_no_trace(monkeypatch):
    FIRST.check(...)
    monkeypatch.setenv(NO_CHECKS, "1")
    FIRST.check(right)
    assert not learner.file().exists()


def test_for_whoever_runs_the_answers_of_others_nothing_is_kept(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(learner.VARIABLE, learner.OFF)
    result = FIRST.check(right)
    assert result.points == 2 and result.reached == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[1]", "[" * 10**5, "\ud800"),
        *(json.dumps({FIRST.key: points}) for points in ("2", True, -2)),
    ],
    ids=range(8),
)
def test_a_file_that_is_not_ours_counts_nothing_and_is_replaced(content):
    learner.file().write_bytes(content.encode("utf-8", "surrogatepass"))
    assert NOTHING in str(progress())
    FIRST.check(right)
    assert json.loads(learner.file().read_text())[FIRST.key] == 2


def test_more_points_than_there_are_count_as_all():
    learner.file().write_text(json.dumps({FIRST.key: 99}))
    assert "1 of 5 questions, 2 of 13 points" in str(progress())


def test_where_nothing_can_be_written_a_check_still_checks(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv(learner.VARIABLE, str(tmp_path / "file" / "progress.json"))
    assert FIRST.check(right).points == 2
    assert NOTHING in str(progress())


def test_the_usual_place_is_the_users_own_folder(monkeypatch, tmp_path):
    monkeypatch.delenv(learner.VARIABLE)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert learner.file().is_relative_to(tmp_path) and learner.file().name == "progress.json"


def test_every_chapter_with_questions_is_listed():
    assert rooms() and all(room.questions() for room in rooms())
    assert len(progress().chapters) == len(rooms())


def test_a_chapter_that_is_none_is_told_with_those_that_there_are():
    with pytest.raises(ValueError, match="no chapter 99; there are 1, 2"):
        questions_of(99)
