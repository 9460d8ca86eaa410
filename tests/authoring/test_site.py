"""The chapters as web pages: complete, and needing nothing else."""

import re

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_notebook, new_output

from lora_course.authoring import build
from lora_course.authoring.site import first_figure, markdown
from lora_course.authoring.site_front import LEAD, counted, needs
from lora_course.authoring.source import read_source
from lora_course.authoring.views import explorer_cells
from lora_course.chapters.glossary import TERMS
from lora_course.chapters.syllabus import PARTS
from lora_course.cli import main
from lora_course.display.plots import Picture, panels
from tests.conftest import NOTEBOOKS, ROOMS, ROOT

MOST_BYTES = 3_000_000


@pytest.fixture(scope="module")
def site(pages):
    return {path.name: BeautifulSoup(path.read_text("utf-8"), "html.parser") for path in pages}


def solution_of(room):
    return nbformat.read(build.solution_path(room, NOTEBOOKS), as_version=4)


def page_of(site, room):
    return site[page_name(room)]


def page_name(room):
    return room.notebook.replace(".ipynb", ".html")


def test_pages_load_and_run_nothing(site):
    for page in site.values():
        assert not page.find_all(["script", "link", "iframe", "object", "embed"])
        sources = [image["src"] for image in page("img")]
        assert all(re.match("data:image/(png|webp);base64,", source) for source in sources)
        assert "url(" not in "".join(style.text for style in page("style"))
        assert "@import" not in "".join(style.text for style in page("style"))


def test_no_page_is_heavy(pages):
    assert all(path.stat().st_size < MOST_BYTES for path in pages)


def test_front_page_leads_to_every_chapter(site):
    page = site["index.html"]
    assert [card.a["href"] for card in page.select(".chapters li")] == list(map(page_name, ROOMS))
    assert page.find(class_="start")["href"] == page_name(ROOMS[0])
    assert any("mybinder.org" in link["href"] for link in page.select(".ways a"))


def test_front_page_says_nothing_that_is_not_so(site):
    page = site["index.html"]
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert " ".join(LEAD.split()) in readme and page.find(class_="lead").text in readme
    solutions = list(map(solution_of, ROOMS))
    claims = sum(cell.source.count("claim(") for one in solutions for cell in one.cells)
    questions = sum(len(room.questions()) for room in ROOMS)
    numbers = [len(ROOMS), PARTS[-1].numbers[-1], claims, questions]
    assert list(map(int, re.findall(r"\d+", counted(ROOMS, solutions)))) == numbers
    assert needs(ROOMS[0]) in " ".join(read_source(ROOMS[0]).cells[0].source.split())
    (figure,) = page("img")
    assert len(figure["alt"]) > 30 and figure["src"] in first_figure(solutions[0])


def test_chapters_lead_to_their_neighbours_above_and_below(site):
    names = list(map(page_name, ROOMS))
    for place, name in enumerate(names):
        ways = site[name].select('nav[aria-label^="chapters"]')
        assert len(ways) == 2
        for way in ways:
            around = [
                *names[max(0, place - 1) : place],
                "index.html",
                *names[place + 1 : place + 2],
            ]
            assert [link["href"] for link in way("a")] == around
        links = [link["href"] for link in site[name]("a")]
        assert not any(link.endswith(".ipynb") for link in links if "://" not in link)


def test_the_glossary_is_a_page_that_every_chapter_leads_to(site):
    page = site["glossary.html"]
    assert [row.td.text for row in page("tr") if row.td] == [term.name for term in TERMS]
    for name in ("index.html", *map(page_name, ROOMS)):
        assert "glossary.html" in [link["href"] for link in site[name]("a")]


def test_every_explorer_moves(room, site):
    explorers = page_of(site, room)(class_="explorer")
    assert len(explorers) == len(explorer_cells(solution_of(room))) > 0
    for explorer in explorers:
        assert len(explorer.find(class_="views").find_all("div", recursive=False)) > 3
        for control in explorer("fieldset"):
            assert control.legend.text
            assert len(control.select("[checked]")) == 1
    assert "No controls above" not in page_of(site, room).text


def test_figures_of_both_kinds_are_shown_with_their_words():
    with panels() as (figure, _):
        picture = Picture(figure, "A <b>line</b>.")
    for data, said in [picture._repr_mimebundle_(), ({"text/html": picture.to_html()}, {})]:
        output = new_output("display_data", data=data, metadata=said)
        made = new_notebook(cells=[new_code_cell("x", outputs=[output])])
        image = BeautifulSoup(first_figure(made), "html.parser").img
        assert image["alt"] == "A <b>line</b>." and int(image["width"]) == picture.width


def test_math_is_drawn_by_the_browser_itself(room, site):
    page = page_of(site, room)
    cells = nbformat.read(build.solution_path(room, NOTEBOOKS), as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    formulas = len(re.findall(r"\$[^$]+\$", text))
    assert formulas
    assert len(page("math")) == formulas
    for cell in page.find_all(class_="text_cell"):
        assert "$" not in cell.text


@pytest.mark.parametrize(
    ("text", "drawn", "block"),
    [
        (r"$a < b$", "a<b", False),
        (r"$$\frac{1}{2}$$", "12", True),
        ("$$\nx_1\n$$", "x1", True),
        (r"\begin{equation} y \end{equation}", "y", True),
        (r"$|x|$ in *text*", "|x|", False),
    ],
)
def test_every_kind_of_formula_becomes_mathml(text, drawn, block):
    (math,) = BeautifulSoup(markdown(text), "html.parser")("math")
    assert (math.text, math["display"]) == (drawn, "block" if block else "inline")


def test_figures_have_their_words(room, site):
    images = page_of(site, room)("img")
    assert images
    assert all(len(image["alt"]) > 20 for image in images)


def test_exercises_are_blank_and_their_solutions_folded(room, site):
    folded = page_of(site, room)("details")
    questions = room.questions()
    assert len(folded) == len(questions)
    for question, solution in zip(questions, folded, strict=True):
        before = solution.find_previous(class_="highlight").text
        assert "..." in before
        assert question.solution().body.strip() in solution.text
        assert f"{question.max_points} of {question.max_points} points" in solution.text


def test_outputs_and_code_are_all_there(room, site):
    page = page_of(site, room).text
    for cell in nbformat.read(build.solution_path(room, NOTEBOOKS), as_version=4).cells:
        if cell.cell_type == "code":
            assert cell.source in page
            for output in cell.outputs:
                if output.output_type == "stream":
                    assert output.text.strip() in page


def test_a_chapter_that_was_not_built_is_named(tmp_path, capsys):
    out = tmp_path / "site"
    assert main(["site", "--notebooks", str(tmp_path), "--out", str(out)]) == 2
    assert "run: lora-course build" in capsys.readouterr().err
