"""The chapters as web pages: complete, and needing nothing else."""

import re

import nbformat
import pytest
from bs4 import BeautifulSoup

from lora_course.authoring import build
from lora_course.authoring.site import markdown, write_site
from lora_course.cli import main
from tests.conftest import NOTEBOOKS, ROOMS


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    written = write_site(ROOMS, NOTEBOOKS, folder)
    return {path.name: BeautifulSoup(path.read_text("utf-8"), "html.parser") for path in written}


def page_of(site, room):
    return site[page_name(room)]


def page_name(room):
    return room.notebook.replace(".ipynb", ".html")


def test_pages_load_and_run_nothing(site):
    for page in site.values():
        assert not page.find_all(["script", "link", "iframe", "object", "embed"])
        assert all(image["src"].startswith("data:image/png;base64,") for image in page("img"))
        assert "url(" not in "".join(style.text for style in page("style"))
        assert "@import" not in "".join(style.text for style in page("style"))


def test_index_leads_to_every_chapter_and_back(site):
    links = [link["href"] for link in site["index.html"]("a")]
    assert links == [page_name(room) for room in ROOMS]
    for link in links:
        assert site[link].nav.a["href"] == "index.html"


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
