"""What an explorer can show, computed beforehand: from the statements that it needs alone."""

import math

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from lora_course.authoring import views
from lora_course.authoring.build import merged_streams
from lora_course.authoring.needed import needed
from lora_course.authoring.site_explorer import live, rules
from lora_course.authoring.source import SourceError
from lora_course.chapters.rooms import Room
from lora_course.display.explorer import NO_CONTROLS, Explorer, chooser

CELLS = [
    "import a\nfrom b import c",
    "x = a.f()\ny = 2\nslow = a.hours()",
    "x = c(y)\nfor n in range(3):\n    x.append(n)\nprint(slow)\nx.pop()",
    "def g(z):\n    return z + y\ng(x)\nslow",
]


def test_what_a_cell_needs_is_taken_and_no_more():
    code = [*CELLS, "show(g, x)"]
    taken = [line for _, line in needed(code, [4])]
    assert taken == [
        "from b import c",
        "y = 2",
        "x = c(y)",
        "for n in range(3):\n    x.append(n)",
        "def g(z):\n    return z + y",
        "g(x)",
        "show(g, x)",
    ]


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        ("d = {}\nd['k'] = 1", 2),
        ("d = 1\nd += 1", 2),
        ("d = make()\ninit(d.weight, std=1)\nd.shape", 2),
        ("d = 0\nd = 1", 1),
        ("d, e = pair()", 1),
        ("with opened() as d:\n    pass", 1),
        ("e = [d for d in range(3)]\nd = 1", 1),
    ],
)
def test_what_changes_a_value_counts_and_what_stood_there_before_does_not(code, kept):
    assert len(needed([code, "show(d)"], [1])) == kept + 1


def test_few_options_are_kept_where_all_would_be_too_many():
    whole = [(list("ab"), "a", ()), (list(range(5)), 1, (0, 4))]
    assert views.thinned(whole, 10) == [list("ab"), list(range(5))]
    assert views.thinned(whole, 9) == [list("ab"), [0, 1, 4]]
    many = [(list(range(100)), 30, ()), (list(range(50)), 0, ())]
    kept = views.thinned(many, 12)
    assert kept == [[0, 30, 64, 99], [0, 24, 49]] or math.prod(map(len, kept)) == 12
    assert 30 in kept[0] and 0 in kept[1] and {0, 99} <= set(kept[0])
    assert views.thinned([(list("abc"), "b", ())] * 6, 1) == [["b"]] * 6


def small():
    controls = {"a": chooser("first <a>", (1, 2, 3), 2), "b": chooser("second", ("x", "y"), "x")}
    return Explorer(controls, lambda a, b: f"<p>{a}{b}</p>")


def test_all_views_are_told_and_shown():
    told = views.all_views(small())
    assert told["whole"] and len(told["views"]) == 6
    assert [control["chosen"] for control in told["controls"]] == [1, 0]
    assert [[2, 1], "<p>3y</p>"] in told["views"]
    page = live("here", told)
    assert page.count('type="radio"') == 5 and "first &lt;a&gt;" in page
    assert '<div class="v0-1 v1-0 first"><p>2x</p></div>' in page
    assert rules([told]).count("display: none") == 5


def test_an_explorer_that_trains_says_so_and_shows_each_setting_once():
    asked = []

    def show(a):
        asked.append((a, busy.children[1].value if asked else "Training …"))
        return str(a)

    busy = Explorer({"a": chooser("a", (1, 2), 1)}, show, busy="Training …")
    for value in (2, 1, 2):
        busy.controls["a"].value = value
    assert asked == [(1, "Training …"), (2, "Training …")] and busy.view.value == "2"
    assert busy.children[1].value == ""


def a_solution(*cells):
    shown = new_output("display_data", data={"text/html": "<p>1</p>" + NO_CONTROLS})
    made = [new_code_cell(code) for code in cells]
    made[-1].outputs = [shown]
    return new_notebook(cells=made)


def test_an_explorer_is_made_from_a_solution_and_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(views.record, "FOLDER", tmp_path)
    monkeypatch.setattr(views, "fingerprint", lambda *given: "key")
    (tmp_path / "ch09_x").mkdir()
    solution = a_solution(
        "from lora_course.display.explorer import Explorer, chooser\nraise SystemExit(1)",
        "few = (1, 2)",
        "Explorer({'a': chooser('a', few, 1)}, lambda a: f'<p>{a}</p>')",
    )
    room = Room(tmp_path / "ch09_x")
    told = views.chapter_views(room, solution)
    assert [view for _, view in told[solution.cells[-1].id]["views"]] == ["<p>1</p>", "<p>2</p>"]
    monkeypatch.setattr(views, "_computed", lambda *given: pytest.fail("it was kept"))
    assert views.chapter_views(room, solution) == told
    assert views.chapter_views(room, new_notebook(cells=solution.cells[:2])) == {}


def test_an_explorer_that_cannot_be_made_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(views.record, "FOLDER", tmp_path)
    monkeypatch.setattr(views, "fingerprint", lambda *given: "key")
    (tmp_path / "ch09_x").mkdir()
    with pytest.raises(SourceError, match=r"(?s)could not be made.*NameError"):
        views.chapter_views(Room(tmp_path / "ch09_x"), a_solution("nobody(1)"))


def test_what_is_printed_in_pieces_is_one_output():
    out, err = ({"name": name, "text": f"{name}\n"} for name in ("stdout", "stderr"))
    pieces = [new_output("stream", **one) for one in (out, out, err, out)]
    figure = new_output("display_data", data={"text/plain": "x"})
    merged = merged_streams([*pieces, figure, pieces[0], pieces[1]])
    assert [o.get("text", "") for o in merged] == [
        "stdout\nstdout\n", "stderr\n", "stdout\n", "", "stdout\nstdout\n",
    ]  # fmt: skip
    assert pieces[0].text == "stdout\n"
