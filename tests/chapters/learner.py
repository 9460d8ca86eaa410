"""Go through a chapter as a learner does, in a real JupyterLab: run, slide, answer, save, reopen.

What is seen on the way is handed back as a record; what has to be so on the way is asserted here.
"""

import json
import re
import shutil
from contextlib import suppress
from pathlib import Path

import psutil
from playwright.sync_api import expect

from lora_course.authoring import browser
from lora_course.authoring.build import WIDGET
from lora_course.authoring.lab import WATCHDOG, ask
from lora_course.checks.result import Outcome
from tests.chapters.fixture import answers_of
from tests.conftest import NOTEBOOKS

WIDTHS, HEIGHT = (1280, 800), 900
SLIDERS = ".widget-slider .noUi-handle"
BUTTONS = ".lora-explorer .widget-toggle-buttons"
PREDICTIONS, CARDS = ".lora-predict", ".lora-recall > .widget-vbox"
BETWEEN = 15  # steps of Tab from one slider to the next, at most
FOCUSED = "element => element === document.activeElement"
# What the widgets' front end logs for each widget of a reopened notebook, before it gets the
# widgets from the kernel and shows them.
NOT_YET = "console: Error: widget model not found"
OVERFLOW = """() => Math.max(...[...document.querySelectorAll('.jp-WindowedPanel-outer')]
                   .map(panel => panel.scrollHeight))"""


def most_held(process):
    """MB: the most that a process and its children have held, each at its own time; on Linux."""
    members = [process, *(child.pid for child in psutil.Process(process).children(recursive=True))]
    peaks = []
    for member in members:
        with suppress(OSError):  # ended just now; or no Linux
            status = Path(f"/proc/{member}/status").read_text(encoding="utf-8")
            peaks += re.findall(r"VmHWM:\s+(\d+) kB", status)
    return sum(map(int, peaks)) * 1024 / 1e6


def go_through(room, chromium, lab, notebooks, records):
    """The record of a whole way: the server's folder `notebooks`; `records` keeps what is seen."""
    saved = notebooks / room.notebook
    shutil.copyfile(NOTEBOOKS / room.notebook, saved)
    page = chromium.new_page(viewport={"width": WIDTHS[0], "height": HEIGHT})
    page.set_default_timeout(browser.PATIENCE)
    trouble = browser.watch(page)
    try:
        server_mb = most_held(lab.process)
        open_and_run(page, lab, room.notebook)
        peak_mb = most_held(lab.process)
        save(page, saved, until=lambda cells: cells[-1].get("outputs") or ran(cells))
        shutil.copyfile(saved, records / "blank.ipynb")
        sliders = use_every_control(page)
        guesses = answer_each(page, PREDICTIONS, "0.5", "Your guess: ")
        recalled = answer_each(page, CARDS, "7", "Right|Not this time")
        pictures = take_pictures(page, records)
        answer_first_question(page, room)
        passed = f"{room.questions()[0].max_points} of {room.questions()[0].max_points} points"
        save(page, saved, until=lambda cells: passed in json.dumps(cells))
        explorers = page.locator(".lora-explorer").count()
        left = outputs_with_widgets(saved)
        assert not trouble, trouble
        reopen(page, lab, room, sliders, passed)
    finally:
        page.close()
        end_kernels(lab)
    return {
        "server_mb": server_mb,
        "peak_mb": peak_mb,
        "sliders": sliders,
        "guesses": guesses,
        "recalled": recalled,
        "explorers": explorers,
        "outputs_with_widgets": left,
        "pictures": pictures,
        "trouble": [words for words in trouble if not words.startswith(NOT_YET)],
    }


def open_and_run(page, lab, notebook):
    browser.open_chapter(page, lab, notebook)
    browser.run_all(page)
    assert page.locator(".Toastify__toast").count() == 0  # no question about news before the text
    assert page.locator(".jp-OutputArea-output[data-mime-type*='stderr']").count() == 0
    assert page.locator(browser.ERRORS).count() == 0


def cells_of(notebook):
    return json.loads(notebook.read_text(encoding="utf-8"))["cells"]


def ran(cells):
    """Whether the last code cell was saved after it had run."""
    return [c for c in cells if c["cell_type"] == "code"][-1]["execution_count"] is not None


def save(page, notebook, until):
    """Press Ctrl+S, and wait until the file holds what it should."""
    page.keyboard.press("Control+s")
    for _ in range(WATCHDOG * 10):
        with suppress(ValueError):  # half written
            if until(cells_of(notebook)):
                return
        page.wait_for_timeout(100)
    raise AssertionError(f"{notebook.name} was not saved")


def use_every_control(page):
    """Reach each by Tab and move it by an arrow key: what the cell shows must change."""
    sliders = page.locator(SLIDERS)
    for place in range(sliders.count()):
        slider = sliders.nth(place)
        area = slider.locator("xpath=ancestor::*[contains(@class, 'jp-OutputArea ')][1]")
        reach(page, slider, first=not area.locator(":focus").count())
        view = area.locator(".widget-html-content").last
        before = view.inner_html()
        at_its_end = slider.get_attribute("aria-valuenow") == slider.get_attribute("aria-valuemax")
        page.keyboard.press("ArrowLeft" if at_its_end else "ArrowRight")
        changed(page, view, before, f"slider {place + 1}")
        assert not view.locator("img:not([alt])").count()
    for group in page.locator(BUTTONS).all():
        area = group.locator("xpath=ancestor::*[contains(@class, 'jp-OutputArea ')][1]")
        view = area.locator(".widget-html-content").last
        before = view.inner_html()
        press(page, group.locator("button:not(.mod-active)").first)
        changed(page, view, before, "a button")
    return sliders.count()


def press(page, button):
    """Press a button by the keyboard."""
    button.focus()
    assert button.evaluate(FOCUSED)
    page.keyboard.press("Space")


def changed(page, view, before, by):
    """Wait until what a cell shows is no longer what it was."""
    for _ in range(WATCHDOG * 10):
        if view.inner_html() != before:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{by} changed nothing")


def answer_each(page, what, number, told):
    """Answer each by the keyboard, by a button or with `number`: it says `told`. How many."""
    asked = page.locator(what).all()
    for one in asked:
        if one.locator("button").count():
            press(page, one.locator("button").first)
        else:
            one.locator("input").fill(number)
            page.keyboard.press("Enter")
        expect(one).to_contain_text(re.compile(told))
    return len(asked)


def reach(page, slider, first):
    """Focus the first slider of a cell; the others must come by Tab, others' readouts between."""
    if first:
        slider.focus()
    for _ in range(BETWEEN):
        if not slider.evaluate(FOCUSED):
            page.keyboard.press("Tab")
    assert slider.evaluate(FOCUSED)


def take_pictures(page, folder):
    """The whole chapter in each width and theme, to look at after a change; their names."""
    names = []
    for theme in ("Light", "Dark"):
        browser.menu(page, "Settings", "Theme", f"JupyterLab {theme}")
        light = "true" if theme == "Light" else "false"
        page.locator(f"body[data-jp-theme-light={light}]").wait_for(state="attached")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            page.wait_for_timeout(500)
            page.set_viewport_size({"width": width, "height": page.evaluate(OVERFLOW) + 150})
            page.locator(".jp-Cell").first.scroll_into_view_if_needed()
            page.wait_for_timeout(500)
            names.append(f"{theme.lower()}-{width}.png")
            page.screenshot(path=folder / names[-1])
    browser.menu(page, "Settings", "Theme", "JupyterLab Light")
    page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})
    return names


def answer_first_question(page, room):
    """A wrong answer, a hint, then the solution: each is told what it should be."""
    question = room.questions()[0]
    wrong = next(
        fixture
        for fixture in answers_of(room)[question.name]
        if fixture.outcome is Outcome.INCORRECT and fixture.mistake
    )
    check = f"{question.key}.check(answer)"
    mistake = f"{wrong.mistake[0].upper()}{wrong.mistake[1:]}"
    told = browser.answer(page, question.key, f"{wrong.code}\n\n{check}", mistake)
    expect(told.locator(".jp-OutputArea")).to_contain_text("not yet")
    hint = f"{question.key}.hint()\n# {check}"
    browser.answer(page, question.key, hint, question.hints[0][:40])
    passed = f"{question.max_points} of {question.max_points} points"
    browser.answer(page, question.key, question.solution().body, passed)


def outputs_with_widgets(notebook):
    outputs = [out for cell in cells_of(notebook) for out in cell.get("outputs", [])]
    return sum(WIDGET in output.get("data", {}) for output in outputs)


def reopen(page, lab, room, sliders, passed):
    """The saved chapter, opened again: the answer, its points and the controls are there."""
    questions = room.questions()
    browser.open_chapter(page, lab, room.notebook)
    cell = browser.cell_with(page, f"{questions[0].key}.check(")
    expect(cell.locator(".jp-OutputArea")).to_contain_text(passed)
    reached = f"1 of {len(questions)} questions, {questions[0].max_points} of"
    expect(cell.locator(".jp-OutputArea")).to_contain_text(reached)
    expect(page.locator(SLIDERS)).to_have_count(sliders)
    code = questions[0].solution().body.splitlines()[-1][:20]
    expect(cell.locator(".cm-content")).to_contain_text(code)


def end_kernels(lab):
    """The next chapter's memory is measured without this one's kernel."""
    for session in ask(lab.url, lab.token, "sessions"):
        ask(lab.url, lab.token, f"sessions/{session['id']}", "DELETE")
