"""The browser, and where its pictures go."""

import os
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="session")
def chromium():
    """CI sets REQUIRE_BROWSER: there no test is skipped for the lack of one."""
    pytest.importorskip("playwright.sync_api")
    from lora_course.authoring import browser

    if not Path(browser.CHROMIUM).exists() and "REQUIRE_BROWSER" not in os.environ:
        pytest.skip(f"needs Chromium; there is none at {browser.CHROMIUM}")
    with browser.chromium() as running:
        yield running


@pytest.fixture(scope="session")
def picture_folder():
    """Pictures of every page, in both widths and themes, to look at after a run."""
    folder = Path(os.environ.get("BROWSER_PICTURES", ROOT / "build" / "browser"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
