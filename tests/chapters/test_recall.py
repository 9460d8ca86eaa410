"""Recall: fresh numbers, honest answers, asked again when it is due."""

import datetime
import random

import pytest

from lora_course import learner, recall
from lora_course.chapters import recall_command, spacing
from lora_course.chapters.progress import remember
from lora_course.chapters.spacing import DAYS, NEVER, items, next_day, opening, to_ask
from lora_course.checks.question import NO_CHECKS
from lora_course.checks.recall import NOT_A_NUMBER
from lora_course.cli import main
from tests.conftest import ROOMS

DAY = datetime.date(2026, 3, 1)
ALL = items(ROOMS)


def later(days):
    return DAY + datetime.timedelta(days=days)


@pytest.mark.parametrize("item", ALL, ids=lambda item: item.key)
def test_every_question_takes_its_right_answer_and_tells_its_mistakes(item):
    seen = set()
    for seed in range(40):
        asked = item.question.ask(random.Random(seed))
        right = item.question.right(*asked.case)
        assert "{" not in asked.text and asked.text not in asked.choices
        if asked.choices:
            assert right in asked.choices
            assert asked.read(str(1 + asked.choices.index(right))) == right
        typed = right if asked.choices else f"{right:,}" if isinstance(right, int) else repr(right)
        ok, words = asked.check(asked.read(typed))
        assert ok and words.startswith("Right. ") and "{" not in words
        for mistake in item.question.mistakes:
            wrong = mistake.wrong(*asked.case)
            if wrong not in (right, ""):
                ok, words = asked.check(wrong)
                assert not ok and mistake.message in words, (asked.text, wrong, words)
                seen.add(mistake.name)
    assert seen == {mistake.name for mistake in item.question.mistakes}


def test_names_are_unique_and_every_chapter_has_enough():
    keys = [item.key for item in ALL]
    assert len(set(keys)) == len(keys)
    assert all(len(room.recall()) >= 3 for room in ROOMS)


def test_what_cannot_be_an_answer_is_told():
    chosen = next(item for item in ALL if item.question.choices)
    number = next(item for item in ALL if not item.question.choices)
    for item, words in ((chosen, "one of 1 to"), (number, NOT_A_NUMBER)):
        with pytest.raises(ValueError, match=words):
            item.question.ask(random.Random(1)).read("perhaps")


def test_a_chapter_opens_with_one_question_on_the_last_and_two_on_earlier_ones():
    assert opening(1, DAY) == []
    for chapter in (2, 3, 4):
        found = [item.room.number for item in opening(chapter, DAY)]
        assert len(found) == 3 and found[-1] == chapter - 1
        assert all(number < chapter - 1 for number in found[:-1]) or chapter == 2
    days = {tuple(item.key for item in opening(4, later(day))) for day in range(20)}
    assert len(days) > 3  # not the same three for ever


def test_what_was_answered_lately_gives_way_to_what_was_not():
    known = opening(4, DAY)
    for item in known:
        item.note(True, DAY)
    assert not {item.key for item in known} & {item.key for item in opening(4, DAY)}


def test_right_answers_wait_longer_each_time_and_a_wrong_one_starts_again():
    item, day = ALL[0], DAY
    assert item.due() == NEVER
    for days in (*DAYS, DAYS[-1]):
        item.note(True, day)
        assert item.due() == day + datetime.timedelta(days=days)
        day = item.due()
    item.note(False, day)
    assert item.due() == day + datetime.timedelta(days=DAYS[0])


@pytest.mark.parametrize("kept", [{"box": 2}, {"box": "x", "day": "y"}, [], None, {"box": 1e999}])
def test_a_file_that_is_not_ours_means_that_nothing_was_asked(kept):
    learner.keep(spacing.KEPT, ALL[0].key, kept)
    assert ALL[0].due() == NEVER


def test_only_chapters_that_were_begun_are_asked_for():
    assert to_ask(DAY) == [] and next_day() is None
    remember(ROOMS[1].questions()[0].key, 1)
    assert {item.room.number for item in to_ask(DAY)} == {ROOMS[1].number}
    for item in to_ask(DAY):
        item.note(True, DAY)
    assert to_ask(DAY) == [] and next_day() == later(DAYS[0])
    assert len(to_ask(later(DAYS[0]))) == len(ROOMS[1].recall())


def test_the_cards_take_answers_by_widget_and_by_call_and_keep_the_first():
    cards = recall(3)
    shown = cards._repr_mimebundle_()
    assert "1. " in shown["text/plain"] and "recall(3).answer(1, …)" in shown["text/html"]
    item, asked = cards._asked[0]
    right = item.question.right(*asked.case)
    wrong = next((c for c in asked.choices if c != right), "-7")
    cards.children[0].children[1].value = wrong
    assert "✗ Not this time" in cards.children[0].children[2].value
    assert cards.answer(1, right).startswith("Right.")
    assert "✓" in cards.children[0].children[2].value
    assert item.box_and_day() == (0, datetime.date.today())
    assert recall(3)._asked != [] and str(recall(3)) != ""
    with pytest.raises(ValueError, match="number=4"):
        cards.answer(4, 1)


def test_nobody_is_asked_while_a_notebook_is_graded(monkeypatch):
    monkeypatch.setenv(NO_CHECKS, "1")
    assert str(recall(3)) == "Nothing to recall yet."


def typed(monkeypatch, *lines):
    waiting = iter(lines)

    def ask(prompt):
        try:
            return next(waiting)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr("builtins.input", ask)


def test_the_command_asks_what_is_due_and_keeps_the_answers(monkeypatch, capsys):
    assert main(["recall"]) == 0
    assert recall_command.NOTHING_YET in capsys.readouterr().out
    remember(ROOMS[0].questions()[0].key, 1)
    typed(monkeypatch, "what?", "1", "")
    assert main(["recall"]) == 0
    out = capsys.readouterr().out
    assert "please" in out and "1. (chapter 1)" in out and "2. (chapter 1)" in out
    assert ("✓ Right." in out) or ("✗ Not this time" in out)
    assert len(learner.read(spacing.KEPT)) == 1
    typed(monkeypatch, *["1"] * 20)
    assert main(["recall"]) == 0 and main(["recall"]) == 0
    assert "Nothing is due today; the next on " in capsys.readouterr().out
