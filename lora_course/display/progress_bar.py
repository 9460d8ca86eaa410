"""Progress bars of text: in a terminal as usual, in a notebook gone without a trace when done.

tqdm's own bar for notebooks is a widget. A finished one stays in the saved notebook's outputs, and
there a new kernel knows nothing of it: JupyterLab then shows an error in its place.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, TypeVar

from tqdm import tqdm

T = TypeVar("T")


def track(items: Iterable[T], description: str, show: bool, delay: float = 0) -> Iterable[T]:
    """`items`, with a progress bar that goes when it is done, if `show`."""
    if not show:
        return items
    place: dict[str, Any] = {"file": _Line(), "ncols": 80} if _in_a_notebook() else {}
    return tqdm(items, desc=description, delay=delay, leave=False, **place)


def _in_a_notebook() -> bool:
    """Whether this Python is a notebook's kernel: IPython is loaded then."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


class _Line:
    """A file whose last line stands in a cell's output, and leaves nothing when it is blank."""

    def __init__(self) -> None:
        self._handle: Any = None

    def write(self, text: str) -> None:
        """Show `text` in place of what stands there."""
        from IPython.display import display

        line = text.strip()
        if not line and self._handle is None:
            return
        data = {"text/plain": line} if line else {}
        if self._handle is None:
            self._handle = display(data, raw=True, display_id=True)
        else:
            self._handle.update(data, raw=True)

    def flush(self) -> None:
        """Nothing waits to be written."""
