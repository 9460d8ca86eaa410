"""All that an explorer can show, computed beforehand: for a page that has no Python behind it.

A chapter's explorers are made anew, in a process of their own, from the statements of its solution
that they need, and no others: no chapter does anything for it, and its notebooks do not grow.
"""

from __future__ import annotations

import ast
import base64
import io
import itertools
import math
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from PIL import Image

from lora_course.authoring import needed, record
from lora_course.authoring.build import offline
from lora_course.authoring.closure import fingerprint
from lora_course.authoring.source import SourceError
from lora_course.chapters.rooms import Room
from lora_course.display.explorer import NO_CONTROLS, Chooser, Explorer
from lora_course.display.plots import resolution
from lora_course.files import read_object

MOST_PICTURES, MOST_TABLES = 40, 360  # views of an explorer: a picture is many times a table's size
DOTS = 90  # an inch: a picture has a dot for each of the page's
COLOURS = 32
PNG = re.compile(r'(?<=src=")data:image/png;base64,([^"]*)(?=")')


def explorer_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells of an executed notebook that show an explorer."""
    return [
        cell
        for cell in notebook.cells
        if any(NO_CONTROLS in _html(output) for output in cell.get("outputs", ()))
    ]


def _html(output: NotebookNode) -> str:
    return str(output.get("data", {}).get("text/html", ""))


def chapter_views(room: Room, solution: NotebookNode) -> dict[str, Any]:
    """The id of each cell with an explorer -> what `all_views` gives of it.

    Kept, like the records of a chapter's runs, until something changes that the chapter needs.
    """
    if not explorer_cells(solution):
        return {}
    key = fingerprint(room, Path(__file__), Path(needed.__file__))
    return record.recorded(room, "views", key, lambda: _computed(room, solution))


def _computed(room: Room, solution: NotebookNode) -> dict[str, Any]:
    """Make the explorers in a process of their own, which writes down what they show."""
    code = [cell for cell in solution.cells if cell.cell_type == "code"]
    explorers = {code.index(cell): cell.id for cell in explorer_cells(solution)}
    lines = [f"import json as _json\nfrom {__name__} import all_views as _all_views\n_told = {{}}"]
    for number, line in needed.needed([cell.source for cell in code], list(explorers)):
        made = number in explorers and line == _last(code[number].source)
        lines.append(f"_told[{explorers[number]!r}] = _all_views({line})" if made else line)
    with offline(), tempfile.TemporaryDirectory() as scratch:
        told = Path(scratch, "told.json")
        lines.append(f"open({str(told)!r}, 'w', encoding='utf-8').write(_json.dumps(_told))")
        script = "\n".join(lines)
        done = subprocess.run(
            [sys.executable, "-"], input=script, capture_output=True, encoding="utf-8", check=False
        )
        if done.returncode != 0:
            raise SourceError(
                f"{room.source}: an explorer could not be made from the statements that it needs"
                f" alone:\n{script}\n{done.stderr[-2000:]}"
            )
        return read_object(told)


def _last(code: str) -> str:
    return ast.unparse(ast.parse(code).body[-1])


def all_views(explorer: Explorer) -> dict[str, Any]:
    """The explorer's controls, with the options kept of each, and a view for each combination.

    "controls": a dict of `label`, `options` and the place of the one `chosen` at first; "whole":
    whether all options are kept; "views": pairs of the options' places and the view's HTML.
    """
    choosers = list(explorer.controls.values())
    most = MOST_PICTURES if "<img" in explorer.view.value else MOST_TABLES
    kept = thinned([(list(c.options), c.value, _few(c)) for c in choosers], most)
    controls = [
        {
            "label": chooser.description,
            "options": [str(option) for option in options],
            "chosen": options.index(chooser.value),
        }
        for chooser, options in zip(choosers, kept, strict=True)
    ]
    views = []
    with resolution(DOTS):
        for places in itertools.product(*(range(len(options)) for options in kept)):
            values = (options[place] for options, place in zip(kept, places, strict=True))
            shown = explorer.show(**dict(zip(explorer.controls, values, strict=True)))
            views.append([list(places), PNG.sub(_smaller, shown)])
    whole = all(len(options) == len(c.options) for options, c in zip(kept, choosers, strict=True))
    return {"controls": controls, "whole": whole, "views": views}


def _few(control: Any) -> tuple[Any, ...]:
    """The most telling options of a control that says which they are."""
    return control.few if isinstance(control, Chooser) else ()


def thinned(
    controls: Sequence[tuple[Sequence[Any], Any, Sequence[Any]]], most: int
) -> list[list[Any]]:
    """Of each control's options so many that there are at most `most` combinations, in their order.

    A control is its options, the one chosen and, perhaps, the few telling ones; where these are all
    that is kept. Each gets one option more in turn; each option is the farthest from those before.
    """
    whole = math.prod(len(options) for options, _, _ in controls) <= most
    orders = []
    for options, chosen, few in controls:
        allowed = [o for o in options if whole or not few or o in few or o == chosen]
        orders.append((allowed, _farthest_first(len(allowed), allowed.index(chosen))))
    sizes = [1] * len(controls)
    while True:
        rest = math.prod(sizes)
        growing = [
            place
            for place, (allowed, _) in enumerate(orders)
            if sizes[place] < len(allowed) and rest // sizes[place] * (sizes[place] + 1) <= most
        ]
        if not growing:
            break
        sizes[min(growing, key=lambda place: sizes[place])] += 1
    return [
        [allowed[place] for place in sorted(order[:size])]
        for (allowed, order), size in zip(orders, sizes, strict=True)
    ]


def _farthest_first(count: int, first: int) -> list[int]:
    """0 … count - 1 from `first` on, each the farthest from those before it."""
    order = [first]
    while len(order) < count:
        rest = [place for place in range(count) if place not in order]
        order.append(max(rest, key=lambda place: min(abs(place - taken) for taken in order)))
    return order


def _smaller(found: re.Match[str]) -> str:
    """The picture in few bytes: few colours for lines, WebP for what has no sharp edges."""
    image = Image.open(io.BytesIO(base64.b64decode(found[1]))).convert("RGB")
    made: dict[str, bytes] = {}
    for kind, picture, options in (
        ("png", image.quantize(COLOURS), {"optimize": True}),
        ("webp", image, {"quality": 60}),
    ):
        buffer = io.BytesIO()
        picture.save(buffer, kind, **options)
        made[kind] = buffer.getvalue()
    kind = min(made, key=lambda kind: len(made[kind]))
    return f"data:image/{kind};base64,{base64.b64encode(made[kind]).decode()}"
