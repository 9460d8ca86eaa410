"""The files of a comparison: results.csv, results.json, figure.png, figure.svg, report.html.

All of them follow from the Comparison alone, and so does the summary for a terminal: the same runs
give the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lora_course.compare.diagnoses import MEANINGS, diagnose
from lora_course.compare.figure import draw_ranks
from lora_course.compare.page import as_html
from lora_course.compare.paired import choose, paired_seeds
from lora_course.compare.records import Comparison, Metric, Run
from lora_course.compare.rows import amount, axis_label, in_order, name_of, rows
from lora_course.compare.words import all_notes, answer, capital, mark, rate_of
from lora_course.files import write_whole

FORMAT = 2
COLUMNS = (
    *("rank", "seed", "learning_rate", "alpha", "trainable_params", "metric"),
    *("score", "train_score"),
    *("test_loss", "train_loss", "steps", "examples_seen", "cpu_seconds", "wall_seconds"),
)


def as_csv(comparison: Comparison) -> str:
    """One line a run. Numbers in full precision; empty where unknown or not finite."""
    runs = in_order(comparison.everything)
    memory = sorted({key for run in runs for key in run.memory_mb})
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_cell(name) for name in (*COLUMNS, *(f"{key}_mb" for key in memory))])
    for run in runs:
        values = {**vars(run), "metric": comparison.metric.name}
        cells = [values[name] for name in COLUMNS] + [run.memory_mb.get(key) for key in memory]
        writer.writerow([_cell(value) for value in cells])
    return out.getvalue()


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets a ' in front."""
    if isinstance(value, str):
        value = " ".join(value.splitlines())  # the csv module does not quote a lone \r
        return f"'{value}" if value.lstrip().startswith(("=", "+", "-", "@")) else value
    return "" if isinstance(value, float) and not math.isfinite(value) else value


def as_json(comparison: Comparison) -> str:
    """Everything: facts, runs in full precision, a summary a rank, the choice, the diagnoses."""
    choice = choose(comparison)
    content = {
        "format": FORMAT,
        "title": comparison.title,
        "metric": asdict(comparison.metric),
        "finished": comparison.finished,
        "wanted": comparison.wanted,
        "rates": comparison.rates,
        "full_rates": comparison.full_rates,
        "facts": comparison.facts,
        "notes": all_notes(comparison),
        "paired_seeds": paired_seeds(comparison.runs),
        "choice": choice and asdict(choice),
        "diagnoses": [asdict(diagnosis) for diagnosis in diagnose(comparison)],
        "summary": [asdict(row) for row in rows(comparison)],
        "runs": [asdict(run) for run in in_order(comparison.runs)],
        "runs_at_other_rates": [asdict(run) for run in in_order(comparison.others)],
    }
    return json.dumps(_plain(content), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str) -> Comparison:
    """The Comparison that `as_json` wrote; a null score is NaN again.

    ValueError when `text` is of another format, or damaged.
    """
    content = json.loads(text)
    if not isinstance(content, dict):
        raise ValueError(f"text={text!r:.100}: must be what this version writes")
    if content.get("format") != FORMAT:
        raise ValueError(
            f"format={content.get('format')!r}: must be {FORMAT}, as this version's is"
        )
    try:
        return Comparison(
            title=content["title"],
            metric=Metric(**content["metric"]),
            runs=tuple(_run(fields) for fields in content["runs"]),
            others=tuple(_run(fields) for fields in content["runs_at_other_rates"]),
            rates=tuple(content["rates"]),
            full_rates=tuple(content["full_rates"]),
            facts=content["facts"],
            notes=tuple(content["notes"]),
            wanted=content["wanted"],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"text={text!r:.100}: is damaged ({error!r})") from error


def _run(fields: dict[str, Any]) -> Run:
    numbers = {name: math.nan if value is None else value for name, value in fields.items()}
    curve = (math.nan if value is None else value for value in fields["curve"])
    return Run.of(numbers | {"curve": tuple(curve)})


def _plain(value: Any) -> Any:
    """The value in what JSON has; NaN and infinity, which it has not, become null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int) else str(value)


def write(comparison: Comparison, folder: Path) -> list[Path]:
    """Write the five files into `folder`, each whole or not at all; returns their paths."""
    picture = draw_ranks(comparison)
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
    """The answer, a line a rank and the diagnoses, as plain text for a terminal."""
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
    for diagnosis in diagnose(comparison):
        lines += ["", f"{capital(diagnosis.name)}: {MEANINGS[diagnosis.name]}."]
        lines += [f"- {text}" for text in diagnosis.evidence]
        lines += [f"  Try next: {text}" for text in diagnosis.try_next]
    notes = all_notes(comparison)
    if comparison.finished < comparison.wanted:
        missing = f"Unfinished: {comparison.finished} of {comparison.wanted} runs are there."
        notes.insert(0, f"{missing} What is said may change.")
    lines += ["", *(f"Note: {note}" for note in notes)] if notes else []
    return "\n".join(lines)
