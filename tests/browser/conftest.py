"""Where pictures of pages go."""

import os
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="session")
def picture_folder():
    """Pictures of every page, in both widths and themes, to look at after a run."""
    folder = Path(os.environ.get("BROWSER_PICTURES", ROOT / "build" / "browser"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
