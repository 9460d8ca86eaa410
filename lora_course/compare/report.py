"""The files of a comparison: results.csv, results.json, figure.png, figure.svg, report.html.

All of them follow from the Comparison alone, and so does the summary for a terminal: the same runs
give the same bytes.
"""

from __future__ import annotations

from pathlib import Path

from lora_course.compare.figure import draw
from lora_course.compare.page import as_html
from lora_course.compare.records import Comparison
from lora_course.compare.rows import amount, axis_label, name_of, rows
from lora_course.compare.stories import MEANINGS, diagnose
from lora_course.compare.words import all_notes, answer, capital, mark, rate_of
from lora_course.compare.written import as_csv, as_json
from lora_course.files import write_whole


def write(comparison: Comparison, folder: Path) -> list[Path]:
    """Write the five files into `folder`, each whole or not at all; returns their paths."""
    picture = draw(comparison)
    contents = {
        "results.csv": as_csv(comparison).encode(),
        "results.json": as_json(comparison).encode(),
        "figure.png": picture.png,
        "figure.svg": picture.svg(),
        "report.html": as_html(comparison, picture).encode(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    return [write_whole(folder / name, content) for name, content in contents.items()]


def summary(comparison: Comparison) -> str:
    """The answer, a line a rank and the stories, as plain text for a terminal."""
    lines = [answer(comparison), ""]
    table = rows(comparison)
    if table:
        metric = axis_label(comparison.metric)
        lines.append(f"{'rank':>12} {'parameters':>12} {'rate':>7}  {metric}, held out")
    for row in table:
        count = "1 seed" if row.seeds == 1 else f"{row.seeds} seeds"
        lines.append(
            f"{name_of(row):>12} {row.trainable_params:>12,} {rate_of(row):>7} "
            f" {amount(row)} ({count})"
            f" {mark(row, comparison)[0]}".rstrip()
        )
    for story in diagnose(comparison):
        lines += ["", f"{capital(story.name)}: {MEANINGS[story.name]}."]
        lines += [f"- {text}" for text in story.evidence]
        lines += [f"  Try next: {text}" for text in story.try_next]
    notes = all_notes(comparison)
    if comparison.finished < comparison.wanted:
        missing = f"Unfinished: {comparison.finished} of {comparison.wanted} runs are there."
        notes.insert(0, f"{missing} What is said may change.")
    lines += ["", *(f"Note: {note}" for note in notes)] if notes else []
    return "\n".join(lines)
