"""What a reader answers with: buttons or a box, and their words where widgets cannot be shown."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as ipw

WIDE = ipw.Layout(width="28rem")
LABEL = {"description_width": "9rem"}
AS_WIDE_AS_NEEDED = {"button_width": "auto"}


def answering(choices: Sequence[Any], value: Any, tell: Callable[[Any], object]) -> Any:
    """A button for each choice, or a box for a number where there are none; all go by the keyboard.

    `value`: what stands there at first; None: nothing. `tell` hears of each answer: the choice, or
    what was typed.
    """
    if choices:
        options = [(str(choice), choice) for choice in choices]
        control = ipw.ToggleButtons(options=options, value=value, style=AS_WIDE_AS_NEEDED)
    else:
        text = "" if value is None else f"{value:g}"
        control = ipw.Text(
            text, placeholder="a number, then Enter", continuous_update=False, layout=WIDE
        )
    control.observe(lambda change: tell(change["new"]), names="value")
    return control


class Told(ipw.VBox):  # type: ignore[misc]
    """Widgets that say the same in words, by `__str__`, where none can be shown."""

    words_style = ""

    def __repr__(self) -> str:
        return str(self)

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options)
        words = html.escape(str(self)).replace("\n", "<br>")
        page = f'<p style="{self.words_style}">{words}</p>'
        return bundle | {"text/plain": str(self), "text/html": page}
