"""What every explorer is made of: controls above a view, which stays where widgets cannot be shown.

A list that drops down is none of them: JupyterLab takes its Up and Down for itself, and leaves the
cell. A slider's Left and Right arrive, and so do Tab and Space on a button.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as ipw

from lora_course.display.controls import AS_WIDE_AS_NEEDED, LABEL, WIDE
from lora_course.display.plots import COLOURS

STYLE = LABEL | {"handle_color": COLOURS[0]}  # seen on light and on dark pages
# As wide for every value, so that a slider's track keeps its length when it is moved.
READOUTS = "<style>.lora-explorer .widget-readout {min-width: 9em}</style>"
NO_CONTROLS = (
    "<p><em>No controls above? Run this cell in Jupyter. Still none: in a terminal, in the course's"
    " folder, <code>.venv/bin/lora-course doctor</code> says what is missing; then reload the"
    " page.</em></p>"
)


class Chooser(ipw.SelectionSlider):  # type: ignore[misc]
    """A slider over a list; `few`: its most telling values, where not all of them can be shown."""

    few: tuple[Any, ...] = ()


class Explorer(ipw.VBox):  # type: ignore[misc]
    """Controls above an HTML view; the view alone where widgets cannot be shown.

    `controls` by the name of `show`'s argument; the view is what `show` makes of their values.
    `busy`: what is said while `show` takes seconds; then each setting is shown only once.
    """

    def __init__(
        self, controls: Mapping[str, Any], show: Callable[..., str], busy: str = ""
    ) -> None:
        self.controls, self.show, self.view = dict(controls), show, ipw.HTML()
        # The status line keeps its height when empty, so that the figure does not jump.
        self._status = ipw.HTML(layout=ipw.Layout(min_height="2em"))
        self._busy, self._seen = busy, dict[tuple[Any, ...], str]()
        status = [self._status] if busy else []
        readouts = ipw.HTML(READOUTS, layout={"display": "none"})
        super().__init__([*self.controls.values(), *status, readouts, self.view])
        self.add_class("lora-explorer")
        for control in self.controls.values():
            control.observe(self._refresh, names="value")
        self._refresh()

    def _refresh(self, _change: object = None) -> None:
        values = {name: control.value for name, control in self.controls.items()}
        if not self._busy:
            self.view.value = self.show(**values)
            return
        setting = tuple(values.values())
        if setting not in self._seen:
            self._status.value = self._busy
            self._seen[setting] = self.show(**values)
        self._status.value = ""
        self.view.value = self._seen[setting]

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options)
        return bundle | {"text/html": self.view.value + NO_CONTROLS}


def chooser(
    description: str,
    options: Sequence[Any],
    value: Any,
    on_release: bool = False,
    few: Sequence[Any] = (),
) -> Chooser:
    """A slider over `options`; `on_release`: it tells of a change only once it is let go.

    `few`: the most telling options, for a web page, which holds every view from the start.
    """
    slider = Chooser(
        options=options,
        value=value,
        description=description,
        continuous_update=not on_release,
        style=STYLE,
        layout=WIDE,
    )
    slider.few = tuple(few)
    return slider


def buttons(description: str, options: Sequence[str], value: str) -> Any:
    """A button for each of a few names: Tab moves between them, Space presses one."""
    return ipw.ToggleButtons(
        options=options,
        value=value,
        description=description,
        style=LABEL | AS_WIDE_AS_NEEDED,
        # Label and buttons in one line, as with a slider; on its own it breaks after the label.
        layout={"display": "flex", "flex_flow": "row nowrap", "width": WIDE.width},
    )
