"""Each chapter in a real JupyterLab, gone through as a learner does: run, slide, answer, save."""

import importlib
import json
import shutil

import pytest

from lora_course.authoring.source import chapter_number
from tests.conftest import ROOT

playwright = pytest.importorskip("playwright.sync_api")

from lora_course.authoring import browser  # noqa: E402
from lora_course.authoring.build import WIDGET  # noqa: E402
from lora_course.authoring.lab import jupyterlab  # noqa: E402
from lora_course.checks.chapters import questions_of  # noqa: E402
from lora_course.checks.result import Outcome  # noqa: E402

expect = playwright.expect
WIDTHS, HEIGHT = (1280, 800), 900
SLIDERS = ".widget-slider .noUi-handle"
OTHERS = ".jp-OutputArea :is(select, input, .widget-button)"  # JupyterLab would take their keys
FOCUSED = "element => element === document.activeElement"
# What the widgets' front end logs for each widget of a reopened notebook, before it gets the
# widgets from the kernel and shows them.
NOT_YET = "console: Error: widget model not found"


def questions_and_fixtures(chapter):
    """The module of its checks, its questions, and a wrong answer to the first of them."""
    module = f"ch{chapter:02d}"
    questions = questions_of(chapter)
    tables = importlib.import_module(f"tests.checks.{module}_fixtures").TABLES
    wrong = next(
        fixture
        for fixture in tables[questions[0].name]
        if fixture.outcome is Outcome.INCORRECT and fixture.mistake
    )
    return module, questions, wrong


def open_and_run(page, url, token, notebook):
    browser.open_chapter(page, url, token, notebook)
    browser.run_all(page)
    assert page.locator(".Toastify__toast").count() == 0  # no question about news before the text
    assert page.locator(".jp-OutputArea-output[data-mime-type*='stderr']").count() == 0
    assert page.locator(".jp-OutputArea-output[data-mime-type*='error']").count() == 0


def use_every_control(page):
    """Reach each by Tab and move it by an arrow key: what the cell shows must change."""
    sliders = page.locator(SLIDERS)
    assert not page.locator(OTHERS).count()
    for place in range(sliders.count()):
        slider = sliders.nth(place)
        area = slider.locator("xpath=ancestor::*[contains(@class, 'jp-OutputArea ')][1]")
        reach(page, slider, first=not area.locator(":focus").count())
        view = area.locator(".widget-html-content").last
        before = view.inner_html()
        at_its_end = slider.get_attribute("aria-valuenow") == slider.get_attribute("aria-valuemax")
        page.keyboard.press("ArrowLeft" if at_its_end else "ArrowRight")
        for _ in range(300):
            if view.inner_html() != before:
                break
            page.wait_for_timeout(100)
        assert view.inner_html() != before, f"slider {place + 1} changed nothing"
        assert not view.locator("img:not([alt])").count()
    return sliders.count()


def reach(page, slider, first):
    """Focus the first slider of a cell; the others must come by Tab, their readouts between."""
    if first:
        slider.focus()
    for _ in range(2):
        if not slider.evaluate(FOCUSED):
            page.keyboard.press("Tab")
    assert slider.evaluate(FOCUSED)


def pictures(page, folder):
    """The whole chapter, screen by screen, in each width and theme."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for theme in ("Light", "Dark"):
        browser.menu(page, "Settings", "Theme", f"JupyterLab {theme}")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            page.wait_for_timeout(500)
            cells = page.locator(".jp-Notebook .jp-Cell")
            for place in range(0, cells.count(), 2):
                cells.nth(place).evaluate("cell => cell.scrollIntoView({block: 'start'})")
                page.wait_for_timeout(50)
                page.screenshot(path=folder / f"{theme.lower()}-{width}-{place:02d}.png")


def outputs_with_widgets(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return sum(WIDGET in out.get("data", {}) for cell in cells for out in cell.get("outputs", []))


def test_a_learner_goes_through_a_chapter(source, chromium, tmp_path):
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    notebook = f"{source.stem}.ipynb"
    module, all_questions, wrong = questions_and_fixtures(chapter_number(source))
    question = all_questions[0]
    with jupyterlab(tmp_path) as (url, token):
        page = chromium.new_page(viewport={"width": 1280, "height": HEIGHT})
        trouble = browser.watch(page)
        open_and_run(page, url, token, notebook)
        sliders = use_every_control(page)
        explorers = page.locator(".lora-explorer").count()

        check = f"{module}.{question.name}.check(answer)"
        mistake = f"{wrong.mistake[0].upper()}{wrong.mistake[1:]}"
        code = f"{wrong.code}\n\n{check}"
        told = browser.answer(page, f"{module}.{question.name}", code, mistake)
        expect(told.locator(".jp-OutputArea")).to_contain_text("not yet")

        hint = f"{module}.{question.name}.hint()\n# {check}"
        browser.answer(page, f"{module}.{question.name}", hint, question.hints[0][:40])

        right = question.solution().body
        passed = f"{question.max_points} of {question.max_points} points"
        browser.answer(page, f"{module}.{question.name}", right, passed)

        reached = f"1 of {len(all_questions)} questions, {question.max_points} of"
        page.keyboard.press("Control+s")
        saved = tmp_path / "notebooks" / notebook
        for _ in range(100):
            if passed in saved.read_text(encoding="utf-8"):
                break
            page.wait_for_timeout(100)
        assert not trouble, trouble
        # What needs a kernel is the explorers alone: no progress bar stays.
        assert outputs_with_widgets(saved) == explorers > 0
        browser.open_chapter(page, url, token, notebook)
        cell = browser.cell_with(page, f"{module}.{question.name}.check(")
        expect(cell.locator(".jp-OutputArea")).to_contain_text(passed)
        expect(cell.locator(".jp-OutputArea")).to_contain_text(reached)
        expect(page.locator(SLIDERS)).to_have_count(sliders)
        expect(cell.locator(".cm-content")).to_contain_text(right.splitlines()[-1][:20])
        page.close()
    trouble = [words for words in trouble if not words.startswith(NOT_YET)]
    assert not trouble, trouble


@pytest.mark.long
def test_a_chapter_can_be_looked_at_in_two_widths_and_themes(
    source, chromium, picture_folder, tmp_path
):
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    with jupyterlab(tmp_path) as (url, token):
        page = chromium.new_page(viewport={"width": 1280, "height": HEIGHT})
        trouble = browser.watch(page)
        open_and_run(page, url, token, f"{source.stem}.ipynb")
        pictures(page, picture_folder / source.stem)
        page.close()
    assert not trouble, trouble
