"""Where pictures of pages go."""

import os
from pathlib import Path

import pytest

from tests.conftest import NOTEBOOKS, ROOMS, ROOT


@pytest.fixture(scope="session")
def picture_folder():
    """Pictures of every page, in both widths and themes, to look at after a run."""
    folder = Path(os.environ.get("SITE_PICTURES", ROOT / "build" / "site-pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """The course as web pages, written once: the files, the front page first."""
    from lora_course.authoring.site import write_site

    return write_site(ROOMS, NOTEBOOKS, tmp_path_factory.mktemp("site"))
