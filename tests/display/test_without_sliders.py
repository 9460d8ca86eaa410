"""A JupyterLab in which something is missing: what a learner sees says what to do."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from lora_course.authoring.source import KERNEL

playwright = pytest.importorskip("playwright.sync_api")

from lora_course.authoring import browser  # noqa: E402
from lora_course.authoring.lab import jupyterlab  # noqa: E402

NO_SLIDERS = {"disabledExtensions": {"@jupyter-widgets/jupyterlab-manager": True}}
EXPLORER = "from lora_course.memory.explorer import rank_explorer\n\nrank_explorer()"


def test_without_the_sliders_front_end_figures_are_shown_and_what_to_do(chromium, tmp_path):
    (tmp_path / "notebooks").mkdir()
    made = new_notebook(cells=[new_code_cell(EXPLORER)], metadata={"kernelspec": KERNEL})
    nbformat.write(made, tmp_path / "notebooks" / "explorer.ipynb")
    settings = tmp_path / "JUPYTER_CONFIG_DIR" / "labconfig"
    settings.mkdir(parents=True)
    (settings / "page_config.json").write_text(json.dumps(NO_SLIDERS))
    with jupyterlab(tmp_path) as lab:
        page = chromium.new_page()
        browser.open_chapter(page, lab, "explorer.ipynb")
        browser.run_all(page)
        told = page.locator(".jp-OutputArea-output", has_text="No controls above?")
        assert told.count() == 1 and not page.locator(".widget-slider").count()
        playwright.expect(told).to_contain_text("lora-course doctor")
        assert told.locator("table").count()
        page.close()
