"""The README's table of chapters: those that are written, with links, and those to come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from lora_course.authoring.index import about, measured
from lora_course.authoring.links import binder_link
from lora_course.chapters.rooms import Room
from lora_course.chapters.syllabus import PARTS, Part
from lora_course.files import replace_block, write_whole

BLOCK = "chapters"
HEAD = """\
| # | chapter | you measure | |
|---|---|---|---|
"""


def write_readme(readme: Path, chapters: Sequence[Room]) -> Path:
    """Put the table into its place in the README; the file."""
    text = readme.read_text(encoding="utf-8")
    return write_whole(readme, replace_block(text, BLOCK, table(chapters)).encode())


def table(chapters: Sequence[Room]) -> str:
    """A row for each chapter that is written, and one for what is missing of each part."""
    rows = [row for part in PARTS for row in _part(part, chapters)]
    last = PARTS[-1].numbers[-1]
    rows += [_row(room) for room in chapters if room.number > last]
    return HEAD + "\n".join(rows) + "\n"


def _part(part: Part, chapters: Sequence[Room]) -> Iterator[str]:
    written = {room.number: room for room in chapters if room.number in part.numbers}
    yield from map(_row, written.values())
    titles = dict(zip(part.numbers, part.chapters, strict=True))
    missing = {number: title for number, title in titles.items() if number not in written}
    if missing:
        yield f"| {spans(missing)} | {'; '.join(missing.values())} | {part.measures} | planned |"


def spans(numbers: Iterable[int]) -> str:
    """Ascending numbers in short: 5, 7–9."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _row(room: Room) -> str:
    notebook = Path("notebooks", room.notebook)
    title = f"[{about(room)['title']}]({notebook.as_posix()})"
    binder = f"[on Binder]({binder_link(notebook)})"
    return f"| {room.number} | {title} | {measured(room)} | **ready**, {binder} |"
