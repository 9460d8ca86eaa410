"""Where pictures of pages go."""

import os
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="session")
def picture_folder():
    """Pictures of every page, in both widths and themes, to look at after a run."""
    folder = Path(os.environ.get("SITE_PICTURES", ROOT / "build" / "site-pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
