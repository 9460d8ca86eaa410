import gc
import os
import weakref
from dataclasses import replace
from urllib.parse import unquote

import pytest

from lora_course.checks.result import Finding, Outcome, Result
from lora_course.grading.records import Flag, Graded, Status
from lora_course.grading.summary import Summary
from tests.grading.test_feedback import HOSTILE, Page

RIGHT, WRONG, ERROR, BLANK = (
    Outcome.CORRECT,
    Outcome.INCORRECT,
    Outcome.ERROR,
    Outcome.NOT_ATTEMPTED,
)


def finding(part, outcome, mistake=""):
    return Finding(part, 1, outcome, mistake=mistake)


def graded(first=(RIGHT, RIGHT), second=RIGHT, mistakes=("", ""), **fields):
    """A grade over two questions, the first of two parts and the second of one."""
    parts = zip(("square", "any"), first, mistakes, strict=True)
    results = {
        "count": Result("Count", tuple(finding(*part) for part in parts)),
        "memory": Result("Memory", (finding("all", second, mistakes[0]),)),
    }
    return replace(Graded("ada.ipynb", "Ada", 4, Status.OK, results, seconds=12.34), **fields)


def summary(*grades, pages=()):
    whole = Summary()
    for place, grade in enumerate(grades):
        whole.add(grade, pages[place] if pages else f"feedback/{place}.html")
    return Page(whole.html(4))


def after(shown, head):
    """The rows of the table whose head begins with `head`."""
    start = [row[0] for row in shown.rows].index(head)
    rest = shown.rows[start + 1 :]
    heads = {"status", "score (points)", "question and its parts", "mistake"}
    end = next((n for n, row in enumerate(rest) if row[0].split(",")[0] in heads | {"file"}), None)
    return rest[:end]


def test_files_and_statuses_are_counted():
    odd = [graded(status=Status.TIME), graded(status=Status.TIME), graded(status=Status.DIED)]
    shown = summary(graded(), *odd)
    assert (
        "4 files of 1 learner graded" in shown.text
        and "3 files did not run as expected" in shown.text
    )
    counts = {row[0]: row[1] for row in after(shown, "status")}
    assert counts == {"ok": "1", "time limit": "2", "kernel died": "1"}
    assert "did not run as expected" not in summary(graded()).text
    assert "1 file of 1 learner graded" in summary(graded()).text


def test_what_is_to_judge_is_told_first_and_listed():
    flags = (Flag(4, "changes a module: <b>"), Flag(0, "f is the course's own"))
    shown = summary(graded(), graded(file="x.ipynb", learner="Eve", flags=flags))
    assert "1 file with something to judge" in shown.text and shown.jumps == ["judge"]
    rows = [["x.ipynb", "Eve", "cell 4", flags[0].text], ["x.ipynb", "Eve", "", flags[1].text]]
    assert [row for row in shown.rows if row in rows] == rows
    assert "judge" not in summary(graded()).text


def test_scores_are_a_chart_with_every_score_in_it():
    low, middle = graded((WRONG, WRONG), BLANK), graded((RIGHT, WRONG), BLANK)
    shown = summary(low, middle, middle, graded())
    assert "median score 1, mean 1.2, of 3 points" in shown.text
    bars = after(shown, "score (points)")
    assert [(score, files.strip()) for score, files in bars] == list(
        zip("0123", "1201", strict=True)
    )
    low_bar, middle_bar, none, high_bar = shown.widths
    assert low_bar == high_bar == pytest.approx(middle_bar / 2, abs=0.1) and none == 0
    assert 'aria-label="Distribution of scores' in shown.source


def test_questions_and_parts_say_how_many_earned_failed_and_left_them():
    grades = [
        graded(),
        graded((RIGHT, WRONG), BLANK),
        graded((RIGHT, ERROR), ERROR),
        graded((BLANK, BLANK), BLANK, status=Status.UNREADABLE),
    ]
    assert after(summary(*grades), "question and its parts") == [
        ["Count", "1 (25%)", "2", "1"],
        ["square", "3 (75%)", "0", "1"],
        ["any", "1 (25%)", "2", "1"],
        ["Memory", "1 (25%)", "1", "2"],
        ["all", "1 (25%)", "1", "2"],
    ]


def test_mistakes_count_once_a_file_and_question_and_the_commonest_come_first():
    both = graded((WRONG, WRONG), RIGHT, ("one layer", "one layer"))
    shown = summary(replace(both, file="a"), both, graded((RIGHT, WRONG), RIGHT, ("", "cut off")))
    assert after(shown, "mistake") == [
        ["one layer", "Count", "2"],
        ["one layer", "Memory", "2"],
        ["cut off", "Count", "1"],
    ]
    assert "No mistake was recognised" in summary(graded()).text


def test_files_with_trouble_come_first_and_each_links_to_its_page():
    files = [
        graded(file="b.ipynb"),
        graded(file="a.ipynb", learner="Bo", seconds=1234.56),
        graded((RIGHT, WRONG), BLANK, file="z.ipynb", status=Status.MEMORY),
    ]
    shown = summary(*files, pages=("feedback/b.html", "feedback/a.html", "feedback/z.html"))
    assert after(shown, "file, with its feedback") == [
        ["z.ipynb", "memory limit", "1 / 3", "Ada", "12.3"],
        ["a.ipynb", "ok", "3 / 3", "Bo", "1,234.6"],
        ["b.ipynb", "ok", "3 / 3", "Ada", "12.3"],
    ]
    assert shown.links == ["./feedback/z.html", "./feedback/a.html", "./feedback/b.html"]


@pytest.mark.parametrize(
    "page",
    [
        *HOSTILE,
        "//evil.example/x.html",
        "https://evil.example/x",
        "javascript:alert(1)",
        "a b?c#d%41&amp;.html",
        "é\u202e李\n.html",
    ],
)
def test_links_lead_to_the_page_whatever_its_name(page):
    (link,) = summary(graded(), pages=(page,)).links  # Page sees that none leads outside
    assert unquote(link) == "./" + page and link.isascii() and not set(link) & set("?# \n\"'<>")


def test_links_lead_to_names_that_are_not_utf8():
    page = os.fsdecode(b"caf\xe9.html")
    (link,) = summary(graded(file=page), pages=(page,)).links
    assert link == "./caf%E9.html"


@pytest.mark.parametrize("evil", HOSTILE)
def test_hostile_text_is_shown_and_does_nothing(evil):
    whole = graded(file=evil, learner=evil, status=Status.DIED, reason=evil)
    results = {evil: Result(evil, (finding(evil, WRONG, evil),))}
    shown = summary(whole, replace(whole, results=results))
    # Twice file and learner, once more as the learner of two; title, part, mistake's two.
    assert shown.text.count(evil) == 5 + 4


def test_what_cannot_be_seen_is_written_out():
    shown = summary(graded(file="gpj\u202e.ipynb", learner="\x1b[2J\u2067"))
    assert r"gpj\u202e.ipynb" in shown.text and r"\x1b[2J\u2067" in shown.text


def test_an_empty_batch_has_a_page_too():
    assert "No file was graded." in Page(Summary().html(4)).text


def test_grades_are_not_kept():
    whole, grade = Summary(), graded()
    kept = weakref.ref(grade)
    results = [weakref.ref(result) for result in grade.results.values()]
    whole.add(grade, "a.html")
    del grade
    gc.collect()
    assert kept() is None and not any(result() for result in results)
