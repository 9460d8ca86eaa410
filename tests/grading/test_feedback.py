import random
import re
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from lora_course.checks.answer import LocalAnswer
from lora_course.checks.result import AGAIN, Finding, Outcome, Result
from lora_course.display.webpage import document, scrolling_table
from lora_course.grading.feedback import ADVICE, MEANINGS, NEVER_RUN, page
from lora_course.grading.records import CellNote, Graded, Status
from tests.example import FIRST, QUESTIONS, SECOND, TABLES

HOSTILE = [
    "<script>alert(1)</script>",
    "</code><script>alert(1)</script>",
    "</title></style><style>*{display:none}</style>",
    '" onmouseover="alert(1)" x="',
    "' onfocus='alert(1)' autofocus='",
    "<img src=https://evil.example/x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "<!-- <base href=//evil.example> &lt;b&gt; ]]>",
]
PLAIN = {
    *("html", "head", "meta", "title", "style", "body", "main", "section", "div", "h1", "h2"),
    *("p", "span", "strong", "code", "a", "dl", "dt", "dd", "ul", "li", "details", "summary"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
VOID = {"meta"}


class Page(HTMLParser):
    """What a browser would make of a page, which must bring nothing but text, tables and links."""

    def __init__(self, text):
        super().__init__()
        self.open, self.headings, self.links, self.widths, self.rows = [], [], [], [], []
        self.text, self.source = "", text
        self.metas, self.labels, self.ids, self.jumps = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open and set(self.jumps) <= set(self.ids)
        assert self.headings[0] == 1 and set(self.headings[1:]) <= {2}
        policy = {"http-equiv": "Content-Security-Policy"}
        policy["content"] = "default-src 'none'; style-src 'unsafe-inline'"
        assert self.metas[:2] == [{"charset": "utf-8"}, policy]
        assert self.metas[2]["name"] == "viewport" and len(self.metas) == 3
        assert not re.search("[\0-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
        text.encode()

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        assert tag in PLAIN
        assert set(values) <= {
            *("lang", "charset", "http-equiv", "content", "name", "class", "style", "href"),
            *("role", "aria-label", "aria-hidden", "tabindex", "scope", "id"),
        }
        assert re.fullmatch(r"width:[\d.]+%", values.get("style", "width:1%"))
        if "style" in values:
            self.widths.append(float(values["style"][6:-1]))
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "a" and values["href"].startswith("#"):
            self.jumps.append(values["href"][1:])
        elif tag == "a":
            self.links.append(values["href"])
            link = urlsplit(values["href"])
            assert link.path.startswith("./") and not (link.scheme or link.netloc)
        if "aria-label" in values:
            self.labels.append(values["aria-label"])
        if tag == "html":
            assert values == {"lang": "en"}
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "meta":
            self.metas.append(values)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" in self.open:
            assert "url(" not in data and "@import" not in data
            return
        self.text += data
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


def answer(fixtures, label):
    names: dict[str, object] = {}
    exec(next(fixture.code for fixture in fixtures if fixture.label == label), names)
    return names["answer"]


def graded(answers=(), **fields):
    """A grade in which the answers to the questions named are as given, and the others blank."""
    given = dict(answers)
    results = {
        question.name: question.grade(
            LocalAnswer(given.get(question.name, lambda *arguments: ...)), random.Random(1)
        )
        for question in QUESTIONS
    }
    return replace(Graded("ada.ipynb", "Ada", 4, Status.OK, results), **fields)


def with_result(*findings, **fields):
    """A grade whose first question has these findings."""
    whole = graded(**fields)
    return replace(whole, results={**whole.results, "lora_params": Result("title", findings)})


def feedback(whole, questions=QUESTIONS):
    return Page(page(whole, questions))


def section(whole, place=0):
    """The text of one question's section."""
    sections = page(whole, QUESTIONS).split("<section>")[1:]
    return sections[place]


def test_a_wrong_answer_is_explained_part_by_part():
    whole = graded({"adapter_memory": answer(TABLES[SECOND.name], "32-bit moments")})
    shown = feedback(whole)
    for text in ("ada.ipynb", "Ada", "1 of 13 points", "not yet, 1 of 2 points"):
        assert text in shown.text
    right, wrong = whole.results["adapter_memory"].findings
    assert f"✓{right.part}: correct, 1 of 1 point" in shown.text
    assert f"✗{wrong.part}: not yet, 0 of 1 point" in shown.text
    assert f"called{wrong.called}returned{wrong.got}expected{wrong.expected}" in shown.text
    assert f"Moments always 32-bit. {wrong.message}" in shown.text


def test_wrong_questions_have_their_hints_and_right_ones_none():
    right = answer(TABLES[FIRST.name], "right")
    wrong = answer(TABLES[SECOND.name], "bytes")
    whole = graded({"lora_params": right, "adapter_memory": wrong})
    assert "<details>" not in section(whole, 0)
    shown = feedback(whole).text
    first, second, third = SECOND.hints
    assert f"Hint 1{first}Hint 2{second}Hint 3{third}" in shown
    assert FIRST.hints[0] not in shown
    assert section(whole, 1).count("<details><summary>") == 3  # closed until asked for


def test_every_hint_is_shown():
    hints = ("think", "think more", "think of the rest", "and of all")
    shown = feedback(graded(), [replace(FIRST, hints=hints)]).text
    assert "Hint 1thinkHint 2think moreHint 3think of the restHint 4and of all" in shown


def test_advice_that_parts_share_is_given_once_with_the_facts_of_both():
    whole = graded({"lora_params": answer(TABLES[FIRST.name], "one layer")})
    one, two = whole.results["lora_params"].findings
    assert one.message == two.message and one.called != two.called
    shown = feedback(whole).text
    assert shown.count(one.message) == 1 and shown.count(AGAIN) == 1
    assert one.called in shown and two.called in shown


def test_a_part_that_fails_just_as_another_repeats_nothing():
    whole = graded({"lora_params": answer(TABLES[FIRST.name], "raises")})
    shown = feedback(whole).text
    assert shown.count("ZeroDivisionError") == 1 and shown.count(AGAIN) == 1


def test_advice_that_differs_is_given_in_full():
    one = Finding("one", 1, Outcome.INCORRECT, "mend the first")
    shown = feedback(with_result(one, replace(one, message="mend the second"))).text
    assert "mend the first" in shown and "mend the second" in shown and AGAIN not in shown


@pytest.mark.parametrize("outcome", Outcome)
def test_outcomes_have_a_sign_and_a_word(outcome):
    sign, word = outcome.value
    shown = Page(page(with_result(Finding("p", 2, outcome)), QUESTIONS[:1])).text
    assert f"{sign}{word}, {2 * (outcome is Outcome.CORRECT)} of 2 points" in shown


def test_what_was_not_attempted_says_how_to_begin():
    shown = feedback(graded()).text
    assert shown.count("□not attempted, 0 of") == len(QUESTIONS)
    for question in QUESTIONS:
        assert f"find the exercise {question.function} in your notebook" in shown
        assert f"Hint 1{question.hints[0]}" in shown
    assert "If you have answered it" not in shown
    assert "If you have answered it" in feedback(graded(status=Status.GRADER)).text


@pytest.mark.parametrize("status", Status)
def test_a_status_says_what_it_means_and_what_to_do(status):
    shown = feedback(graded(status=status, reason="is <odd>")).text
    meaning = MEANINGS[status]
    assert f"Status: {status.value}. {meaning[0].upper()}{meaning[1:]}." in shown
    the_file = "the file " * (status in NEVER_RUN)
    assert f"What happened: {the_file}is <odd>." in shown
    assert (status is Status.OK) or ADVICE[status] in shown
    assert "What happened" not in feedback(graded(status=status)).text


@pytest.mark.parametrize("status", NEVER_RUN)
def test_a_file_that_was_not_run_is_not_told_to_begin(status):
    shown = feedback(graded(status=status, reason="is empty")).text
    assert shown.count("Not checked: the file was not run.") == len(QUESTIONS)
    assert "To begin" not in shown and "Hint 1" not in shown


def test_cells_that_did_not_finish_are_listed():
    notes = (CellNote(3, "raised NameError: x"), CellNote(12, "ended the kernel", True))
    shown = feedback(graded(cells=notes)).text
    assert "Cell 3 raised NameError: x.Cell 12 ended the kernel. It was left out" in shown
    assert shown.count("left out") == 1
    assert "Cells that did not finish" not in feedback(graded()).text


@pytest.mark.parametrize("evil", HOSTILE)
def test_hostile_text_is_shown_and_does_nothing(evil):
    wrong = Finding(evil, 1, Outcome.INCORRECT, *[evil] * 5)
    failed = Finding("other", 1, Outcome.ERROR, f"f raised {evil}")
    notes = (CellNote(1, evil), CellNote(2, evil, True))
    fields = {"file": evil, "learner": evil, "reason": evil, "cells": notes}
    for status in Status:
        shown = feedback(with_result(wrong, failed, status=status, **fields))
        assert shown.text.count(evil) == 13


def test_hostile_questions_are_shown_and_do_nothing():
    evil = HOSTILE[1]
    question = replace(FIRST, title=evil, hints=(evil, evil), function=evil)
    shown = feedback(graded(), [question])
    assert shown.text.count(evil) == 4


@pytest.mark.parametrize(
    ("evil", "visible"),
    [
        ("\u202e", r"\u202e"),
        ("\u2066", r"\u2066"),
        ("\u2069", r"\u2069"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\0", r"\x00"),
        ("\x85", r"\x85"),
        ("\r\n", r"\r\n"),
        ("\udcff", r"\udcff"),
    ],
)
def test_what_cannot_be_seen_is_written_out(evil, visible):
    wrong = Finding("part", 1, Outcome.INCORRECT, f"m{evil}", "f()", f"g{evil}")
    notes = (CellNote(1, f"c{evil}"),)
    shown = feedback(with_result(wrong, file=f"a{evil}", learner=f"l{evil}", cells=notes)).text
    assert all(f"{letter}{visible}" in shown for letter in "mgcal")


@pytest.mark.parametrize("evil", HOSTILE)
def test_hostile_text_stays_within_an_attribute(evil):
    shown = Page(document(evil, ["<h1>t</h1>", scrolling_table(evil, [evil], [])]))
    assert shown.labels == [evil] and shown.rows == [[evil]]


def test_other_scripts_and_emoji_stay_as_they_are():
    name = "José 李小龙 עברית فارسی\u200cها 👩\u200d🔬"
    assert name in feedback(graded(learner=name)).text


def test_both_themes_and_narrow_screens_are_served():
    source = page(graded(), QUESTIONS)
    assert "prefers-color-scheme: dark" in source and "overflow-wrap: anywhere" in source
