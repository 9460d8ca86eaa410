"""The files of a comparison: results.csv, results.json, figure.png, figure.svg, report.html.

All of them follow from the Comparison alone: the same runs give the same bytes.
"""

from __future__ import annotations

import csv
import html
import io
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lora_course.compare.figure import Row, axis_label, draw, in_order, name_of, rows
from lora_course.compare.files import write_whole
from lora_course.compare.paired import choose, finite, paired_seeds
from lora_course.compare.records import Comparison
from lora_course.compare.stories import MEANINGS, diagnose
from lora_course.plots import Picture

UNKNOWN = "—"
COLUMNS = (
    *("rank", "seed", "alpha", "trainable_params", "metric", "score", "train_score"),
    *("test_loss", "train_loss", "steps", "examples_seen", "cpu_seconds", "wall_seconds"),
)

STYLE = """
:root { color-scheme: light dark; --page: #fff; --text: #1b1b1f; --soft: #56565f; --line: #d5d5dc;
  --mark: #e3effa; --accent: #0060a0; }
@media (prefers-color-scheme: dark) { :root { --page: #15161a; --text: #e8e8ec; --soft: #a9a9b4;
  --line: #3a3b44; --mark: #15324a; --accent: #7cc0f5; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 64rem; background: var(--page);
  color: var(--text); font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
ul { margin: .3rem 0; padding-left: 1.3rem; }
.answer { border-left: 5px solid var(--accent); background: var(--mark); padding: .8rem 1rem;
  margin: 0 0 1rem; font-size: 1.15rem; }
.answer p { margin: 0; } .answer p + p { margin-top: .4rem; font-size: 1rem; }
.notice { border: 2px solid var(--text); padding: .6rem 1rem; margin: 0 0 1rem; }
.next { margin: .5rem 0 0; font-weight: 700; }
.soft { color: var(--soft); font-size: .9rem; }
figure { margin: 1rem 0; } figure img { display: block; }
.table { overflow-x: auto; margin: .5rem 0; }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: .93rem;
  font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .45rem; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
thead th { vertical-align: bottom; font-size: .85rem; white-space: normal; min-width: 5rem;
  overflow-wrap: normal; border-bottom: 2px solid var(--soft); }
th:first-child { text-align: left; position: sticky; left: 0; background: var(--page); }
tr.chosen td, tr.chosen th:first-child { background: var(--mark); font-weight: 700; }
tr.end td, tr.end th { font-style: italic; font-weight: 400; }
.word { font-size: .8rem; font-weight: 400; font-style: normal; color: var(--soft);
  display: block; white-space: normal; max-width: 7rem; line-height: 1.2; }
tr.chosen .word { color: var(--accent); font-weight: 700; }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .3rem 1.2rem; }
dt { color: var(--soft); } dd { margin: 0; }
@media (max-width: 30rem) { dl { display: block; } dd { margin: 0 0 .6rem; } }
@media print { :root { --page: #fff; --text: #000; --soft: #444; --line: #bbb; --mark: #eee;
  --accent: #000; } body { max-width: none; padding: 0; font-size: 10pt; }
  .table { overflow: visible; } th, td { padding: .2rem .35rem; white-space: normal; }
  thead th { min-width: 0; } figure, tr, li { break-inside: avoid; }
  h2, h3 { break-after: avoid; } }
"""
# Nothing may be loaded or run, whatever a name in the page might try.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


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


def as_csv(comparison: Comparison) -> str:
    """One line a run. Numbers in full precision; empty where unknown or not finite."""
    memory = sorted({key for run in comparison.runs for key in run.memory_mb})
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_cell(name) for name in (*COLUMNS, *(f"{key}_mb" for key in memory))])
    for run in in_order(comparison.runs):
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
        "format": 1,
        "title": comparison.title,
        "metric": asdict(comparison.metric),
        "finished": len(comparison.runs),
        "wanted": comparison.wanted,
        "facts": comparison.facts,
        "notes": _notes(comparison),
        "paired_seeds": paired_seeds(comparison.runs),
        "choice": choice and asdict(choice),
        "stories": [asdict(story) for story in diagnose(comparison)],
        "summary": [asdict(row) for row in rows(comparison)],
        "runs": [asdict(run) for run in in_order(comparison.runs)],
    }
    return json.dumps(_plain(content), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    """The value in what JSON has; NaN and infinity, which it has not, become null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int) else str(value)


def _notes(comparison: Comparison) -> list[str]:
    """The comparison's notes, and which runs were left out of means and pairs."""
    notes = list(comparison.notes)
    for run in in_order(comparison.runs):
        if not finite(run):
            notes.append(f"Rank {run.rank}, seed {run.seed} diverged and counts for nothing.")
    paired = paired_seeds(comparison.runs)
    alone = {run.seed for run in comparison.runs if isinstance(run.rank, int)} - set(paired)
    if alone and paired:
        seeds = ", ".join(map(str, sorted(alone)))
        notes.append(f"Left out of means and choice, as not every rank has finished: seed {seeds}.")
    return notes


def answer(comparison: Comparison) -> str:
    """What to do, in one sentence."""
    choice, stories = choose(comparison), diagnose(comparison)
    if not comparison.runs:
        return "Cannot tell yet; nothing is finished."
    if choice is None:
        return "Cannot tell yet; no seed has been run at every rank."
    reason = choice.reasons[0]
    if choice.decided and choice.rank == choice.best_rank:
        smaller = any(c.rank < choice.rank for c in choice.comparisons)
        near = "smaller rank comes near it" if smaller else "smaller one was tried"
        name = comparison.metric.name
        return f"Choose rank {choice.rank}: it has the best mean {name}, and no {near}."
    if choice.decided:
        return f"Choose rank {choice.rank}: {reason[0].lower()}{reason[1:]}"
    return f"Cannot tell yet; for now take rank {choice.rank}: {MEANINGS[stories[0].name]}."


def summary(comparison: Comparison) -> str:
    """The answer, a line a rank and the stories, as plain text for a terminal."""
    lines = [answer(comparison), ""]
    table = rows(comparison)
    if table:
        lines.append(f"{'rank':>12} {'parameters':>12}  {axis_label(comparison.metric)}, held out")
    for row in table:
        count = "1 seed" if row.seeds == 1 else f"{row.seeds} seeds"
        lines.append(
            f"{name_of(row):>12} {row.trainable_params:>12,}  {_pm(row.score, row.score_error)}"
            f" ({count}) {_mark(row, comparison)[0]}".rstrip()
        )
    for story in diagnose(comparison):
        lines += ["", f"{_capital(story.name)}: {MEANINGS[story.name]}."]
        lines += [f"- {text}" for text in story.evidence]
        lines += [f"  Try next: {text}" for text in story.try_next]
    return "\n".join(lines)


def as_html(comparison: Comparison, picture: Picture) -> str:
    """The report: one page that needs nothing else, with every text in it escaped."""
    title, runs, choice = html.escape(comparison.title), len(comparison.runs), choose(comparison)
    parts = [f"<h1>{title}</h1>", _answer_html(comparison)]
    if runs < comparison.wanted:
        parts.append(
            f'<p class="notice"><strong>Unfinished:</strong> {runs} of {comparison.wanted} runs are'
            " there. What follows may change.</p>"
        )
    if runs:
        parts += [f"<figure>{picture.to_html()}</figure>", _table(comparison)]
    if choice is not None:
        parts += ["<h2>Why this rank</h2>", _list(choice.reasons)]
    parts += [_stories(comparison)]
    notes = _notes(comparison)
    if notes:
        parts += ["<h2>Notes</h2>", _list(notes)]
    if comparison.facts:
        facts = "".join(
            f"<dt>{html.escape(str(key))}</dt><dd>{html.escape(_words(value))}</dd>"
            for key, value in comparison.facts.items()
        )
        parts += ["<h2>How this was measured</h2>", f"<dl>{facts}</dl>"]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style></head>\n<body><main>\n"
        + "\n".join(parts)
        + "\n</main></body></html>\n"
    )


def _answer_html(comparison: Comparison) -> str:
    lines = [f"<p><strong>{html.escape(answer(comparison))}</strong></p>"]
    stories, choice = diagnose(comparison), choose(comparison)
    if choice is not None and choice.decided and stories[0].name != "settled":
        name = stories[0].name
        lines.append(f"<p>What is going on: {name}, {MEANINGS[name]}. More below.</p>")
    return f'<div class="answer">{"".join(lines)}</div>'


def _stories(comparison: Comparison) -> str:
    stories = diagnose(comparison)
    if not stories:
        return ""
    parts = ["<h2>What is going on</h2>"]
    for index, story in enumerate(stories):
        place = "" if len(stories) == 1 else "Likeliest: " if index == 0 else "Also possible: "
        name = story.name if place else story.name.capitalize()
        parts.append(f"<h3>{place}{name}. {_capital(MEANINGS[story.name])}.</h3>")
        parts += [_list(story.evidence), '<p class="next">Try next:</p>', _list(story.try_next)]
    return "\n".join(parts)


def _table(comparison: Comparison) -> str:
    """A row a rank. The choice and the ends are marked by words as well as by their look."""
    choice, unit = choose(comparison), comparison.metric.unit
    metric = comparison.metric.name + (f" ({unit})" if unit else "")
    behind = {c.rank: c for c in choice.comparisons} if choice else {}
    heads = [
        *("rank", "trainable parameters", "memory predicted (MB)", "memory measured (MB)"),
        *("CPU time a run, median", f"held-out {metric}", "behind the best, paired"),
        f"training {metric}",
    ]
    lines = []
    for row in rows(comparison):
        word, look = _mark(row, comparison)
        compared = behind.get(row.rank) if isinstance(row.rank, int) else None
        gap = UNKNOWN
        if choice and compared is not None:
            gap = _pm(compared.difference, compared.standard_error)
            gap = "best" if row.rank == choice.best_rank else gap
        cells = (
            f"{row.trainable_params:,}",
            _megabytes(row.predicted_mb),
            _megabytes(row.measured_mb),
            _seconds(row.cpu_seconds),
            f"{_pm(row.score, row.score_error)} (n\u202f=\u202f{row.seeds})",
            gap,
            _pm(row.train_score, row.train_error),
        )
        lines.append(
            f'<tr class="{look}"><th scope="row">{html.escape(name_of(row))}'
            f'<span class="word">{word}</span></th>'
            + "".join(f"<td>{cell}</td>" for cell in cells)
            + "</tr>"
        )
    head = "".join(f'<th scope="col">{html.escape(text)}</th>' for text in heads)
    seeds = paired_seeds(comparison.runs)
    means = f"the seeds that every rank has ({_words(seeds)})" if seeds else "each rank's own seeds"
    better = "Higher" if comparison.metric.higher_is_better else "Lower"
    return (
        '<div class="table" role="region" aria-label="Results a rank" tabindex="0"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
        f'<p class="soft">{better} is better. Mean ± standard error over {means}, n runs. The'
        " choice uses the paired differences, in which a seed's luck cancels.</p>"
    )


def _mark(row: Row, comparison: Comparison) -> tuple[str, str]:
    """The word and the CSS class of a row."""
    choice = choose(comparison)
    if not isinstance(row.rank, int):
        return "for comparison", "end"
    if choice is None or row.rank != choice.rank:
        return "", ""
    return "chosen" if choice.decided else "for now", "chosen"


def _pm(value: float, error: float) -> str:
    return f"{value:.4f}" if math.isnan(error) else f"{value:.4f} ± {error:.4f}"


def _megabytes(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _seconds(value: float) -> str:
    if not math.isfinite(value):
        return UNKNOWN
    return f"{value:.1f}\u202fs" if value < 120 else f"{value / 60:,.1f}\u202fmin"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _list(texts: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{html.escape(text)}</li>" for text in texts) + "</ul>"


def _words(value: Any) -> str:
    """A plain value of the facts for reading."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_words(item)}" for key, item in value.items()) or UNKNOWN
    if isinstance(value, list | tuple):
        return ", ".join(map(_words, value)) or UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return UNKNOWN if value is None or value == "" else str(value)
