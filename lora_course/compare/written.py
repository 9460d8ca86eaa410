"""The runs and all that follows from them, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from lora_course.compare.paired import choose, paired_seeds
from lora_course.compare.records import Comparison, Metric, Run
from lora_course.compare.rows import in_order, rows
from lora_course.compare.stories import diagnose
from lora_course.compare.words import all_notes

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
    """Everything: facts, runs in full precision, a summary a rank, the choice, the stories."""
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
        "stories": [asdict(story) for story in diagnose(comparison)],
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
