"""Links that open a chapter on Binder, from the repository's address in pyproject.toml."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from urllib.parse import quote

COURSE = "lora-course"


def repository() -> str:
    """OWNER/NAME on GitHub; ValueError when the project's address is none there."""
    entries = metadata.metadata(COURSE).get_all("Project-URL") or []
    urls = dict(entry.split(", ", 1) for entry in entries)
    url = urls.get("Repository", "")
    start = "https://github.com/"
    if not url.startswith(start) or url.count("/") != 4:
        raise ValueError(f"pyproject.toml: Repository is {url!r}; give {start}OWNER/NAME")
    return url.removeprefix(start)


def binder_link(notebook: Path) -> str:
    """Where Binder opens `notebook`, a path in the repository, in JupyterLab."""
    path = quote(f"lab/tree/{notebook.as_posix()}", safe="")
    return f"https://mybinder.org/v2/gh/{repository()}/HEAD?urlpath={path}"
