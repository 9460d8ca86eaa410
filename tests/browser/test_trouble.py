"""A JupyterLab in which something is missing: what a learner sees says what to do."""

import json
import shutil

import pytest

from tests.conftest import ROOMS, ROOT

playwright = pytest.importorskip("playwright.sync_api")

from lora_course.authoring import browser  # noqa: E402
from lora_course.authoring.lab import jupyterlab  # noqa: E402

NO_SLIDERS = {"disabledExtensions": {"@jupyter-widgets/jupyterlab-manager": True}}


def test_without_the_sliders_front_end_figures_are_shown_and_what_to_do(chromium, tmp_path):
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    settings = tmp_path / "JUPYTER_CONFIG_DIR" / "labconfig"
    settings.mkdir(parents=True)
    (settings / "page_config.json").write_text(json.dumps(NO_SLIDERS))
    with jupyterlab(tmp_path) as lab:
        page = chromium.new_page()
        browser.open_chapter(page, lab, ROOMS[-1].notebook)
        browser.run_all(page)
        told = page.locator(".jp-OutputArea-output", has_text="No controls above?")
        assert told.count() and not page.locator(".widget-slider").count()
        for place in range(told.count()):
            playwright.expect(told.nth(place)).to_contain_text("lora-course doctor")
            assert told.nth(place).locator("table, img[alt]").count()
        page.close()
