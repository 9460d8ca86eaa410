"""What every explorer is made of: controls above a view, which stays where widgets cannot be shown.

Sliders for names, too: JupyterLab takes the Up and Down of a list that drops down for itself, and
leaves the cell. A slider's Left and Right arrive.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as ipw

from lora_course.display.plots import COLOURS

WIDE = ipw.Layout(width="28rem")
STYLE = {"description_width": "9rem", "handle_color": COLOURS[0]}  # seen on light and on dark pages
# As wide for every value, so that a slider's track keeps its length when it is moved.
READOUTS = "<style>.lora-explorer .widget-readout {min-width: 9em}</style>"
NO_CONTROLS = (
    "<p><em>No controls above? Run this cell in Jupyter. Still none: in a terminal, in the course's"
    " folder, <code>.venv/bin/lora-course doctor</code> says what is missing; then reload the"
    " page.</em></p>"
)


class Explorer(ipw.VBox):  # type: ignore[misc]
    """Controls above an HTML view; the view alone where widgets cannot be shown."""

    def __init__(self, controls: list[Any], view: ipw.HTML) -> None:
        super().__init__([*controls, ipw.HTML(READOUTS, layout={"display": "none"}), view])
        self.add_class("lora-explorer")
        self.view = view

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options)
        return bundle | {"text/html": self.view.value + NO_CONTROLS}


def chooser(description: str, options: Sequence[Any], value: Any, on_release: bool = False) -> Any:
    """A slider over `options`; `on_release`: it tells of a change only once it is let go."""
    return ipw.SelectionSlider(
        options=options,
        value=value,
        description=description,
        continuous_update=not on_release,
        style=STYLE,
        layout=WIDE,
    )


def explorer(controls: dict[str, Any], show: Callable[..., str]) -> Explorer:
    """Controls by the name of `show`'s argument; the view is what `show` makes of their values."""
    output = ipw.HTML()

    def refresh(_change: object = None) -> None:
        output.value = show(**{name: control.value for name, control in controls.items()})

    for control in controls.values():
        control.observe(refresh, names="value")
    refresh()
    return Explorer(list(controls.values()), output)
