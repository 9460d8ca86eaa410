"""Explorers and figures on a web page that runs nothing: every view is there, one is shown.

The controls are radio buttons, which a keyboard reaches and its arrows move; style rules hide all
views but the one that belongs to those chosen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from lora_course.display.webpage import safe

IMAGE = re.compile(r"<img\b[^>]*>")
SOME = "A choice of the settings: in Jupyter, sliders move through all of them."


def live(name: str, told: Mapping[str, Any]) -> str:
    """The explorer `name` of a page, from what `views.all_views` told of it."""
    controls = "\n".join(
        _control(f"{name}-{place}", place, control)
        for place, control in enumerate(told["controls"])
    )
    chosen = [control["chosen"] for control in told["controls"]]
    views = "\n".join(_view(places, shown, places == chosen) for places, shown in told["views"])
    note = "" if told["whole"] else f'\n<p class="soft">{SOME}</p>'
    return (
        '<section class="explorer" aria-label="Explorer">\n'
        f'<div class="controls">{controls}</div>\n'
        f'<div class="views" aria-live="polite">\n{views}\n</div>{note}</section>'
    )


def _control(group: str, place: int, control: Mapping[str, Any]) -> str:
    buttons = "".join(
        f'<label><input type="radio" name="{group}" class="c{place}-{number}"'
        f' autocomplete="off"{" checked" if number == control["chosen"] else ""}>'
        f"{safe(option)}</label>"
        for number, option in enumerate(control["options"])
    )
    legend = f"<legend>{safe(control['label'])}</legend>"
    return f'<fieldset>{legend}<div class="options">{buttons}</div></fieldset>'


def _view(places: Iterable[int], shown: str, first: bool) -> str:
    marks = " ".join(f"v{place}-{number}" for place, number in enumerate(places))
    return f'<div class="{marks}{" first" if first else ""}">{shown}</div>'


def rules(told: Iterable[Mapping[str, Any]]) -> str:
    """The style rules that leave one view of each of these explorers: what fits every choice.

    They ask the controls alone: a browser that has to search the views as well takes seconds.
    """
    choices = {
        (place, number)
        for one in told
        for place, control in enumerate(one["controls"])
        for number in range(len(control["options"]))
    }
    return "".join(
        f".controls:has(.c{place}-{number}:checked) + .views > :not(.v{place}-{number})"
        " { display: none; }\n"
        for place, number in sorted(choices)
    )


def movable_figures(page: str) -> str:
    """The page, with each picture in a frame that scrolls by itself where the window is narrow."""
    return IMAGE.sub(
        r'<figure class="wide"><div class="moves" role="group" tabindex="0"'
        r' aria-label="Figure; where the page is narrow, move it sideways">\g<0></div>'
        r'<figcaption aria-hidden="true">↔ Swipe the figure to see all of it.</figcaption>'
        r"</figure>",
        page,
    )
