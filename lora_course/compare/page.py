"""The report as a web page: one file that needs nothing else."""

from __future__ import annotations

import html
import math
import statistics
from collections.abc import Iterable, Mapping
from typing import Any

from lora_course.compare.diagnoses import MEANINGS, diagnose
from lora_course.compare.paired import choose, paired_seeds
from lora_course.compare.rates import best_rates, scores_by_rate
from lora_course.compare.records import FULL, Comparison
from lora_course.compare.rows import amount, name_of, plus_minus, rows
from lora_course.compare.words import UNKNOWN, all_notes, answer, capital, mark, rate_of
from lora_course.display.plots import Picture
from lora_course.display.webpage import document, scrolling_table

STYLE = """
.next { margin: .5rem 0 0; font-weight: 700; }
figure img { display: block; }
tr.chosen td, tr.chosen th:first-child { background: var(--mark); font-weight: 700; }
tr.end td, tr.end th { font-style: italic; font-weight: 400; }
.word { font-size: .8rem; font-weight: 400; font-style: normal; color: var(--soft);
  display: block; white-space: normal; max-width: 7rem; line-height: 1.2; }
tr.chosen .word { color: var(--accent); font-weight: 700; }
"""


def as_html(comparison: Comparison, picture: Picture) -> str:
    """The report: one page that needs nothing else, with every text in it escaped."""
    runs, choice = comparison.finished, choose(comparison)
    parts = [f"<h1>{html.escape(comparison.title)}</h1>", _answer_html(comparison)]
    if runs < comparison.wanted:
        parts.append(
            f'<p class="notice"><strong>Unfinished:</strong> {runs} of {comparison.wanted} runs are'
            " there. What follows may change.</p>"
        )
    if runs:
        parts += [f"<figure>{picture.to_html()}</figure>", _table(comparison)]
    if choice is not None:
        parts += ["<h2>Why this rank</h2>", _list(choice.reasons)]
    if len(comparison.rates) > 1 and runs:
        parts += ["<h2>Learning rates</h2>", _rates(comparison)]
    parts += [_diagnoses(comparison)]
    notes = all_notes(comparison)
    if notes:
        parts += ["<h2>Notes</h2>", _list(notes)]
    if comparison.facts:
        facts = "".join(
            f"<dt>{html.escape(str(key))}</dt><dd>{html.escape(_words(value))}</dd>"
            for key, value in comparison.facts.items()
        )
        parts += ["<h2>How this was measured</h2>", f"<dl>{facts}</dl>"]
    return document(comparison.title, parts, STYLE, images=True)


def _answer_html(comparison: Comparison) -> str:
    lines = [f"<p><strong>{html.escape(answer(comparison))}</strong></p>"]
    diagnoses, choice = diagnose(comparison), choose(comparison)
    if choice is not None and choice.decided and diagnoses[0].name != "settled":
        name = diagnoses[0].name
        lines.append(f"<p>What is going on: {name}, {MEANINGS[name]}. More below.</p>")
    return f'<div class="answer">{"".join(lines)}</div>'


def _diagnoses(comparison: Comparison) -> str:
    diagnoses = diagnose(comparison)
    if not diagnoses:
        return ""
    parts = ["<h2>What is going on</h2>"]
    for index, diagnosis in enumerate(diagnoses):
        place = "" if len(diagnoses) == 1 else "Likeliest: " if index == 0 else "Also possible: "
        name = diagnosis.name if place else diagnosis.name.capitalize()
        parts.append(f"<h3>{place}{name}. {capital(MEANINGS[diagnosis.name])}.</h3>")
        parts += [
            _list(diagnosis.evidence),
            '<p class="next">Try next:</p>',
            _list(diagnosis.try_next),
        ]
    return "\n".join(parts)


def _table(comparison: Comparison) -> str:
    """A row a rank. The choice and the ends are marked by words as well as by their look."""
    choice, unit = choose(comparison), comparison.metric.unit
    metric = comparison.metric.name + (f" ({unit})" if unit else "")
    behind = {c.rank: c for c in choice.comparisons} if choice else {}
    heads = [
        *(
            "rank",
            "learning rate",
            "trainable parameters",
            "memory predicted (MB)",
            "memory measured (MB)",
        ),
        *("CPU time a run, median", f"held-out {metric}", "behind the best, paired"),
        f"training {metric}",
    ]
    lines = []
    for row in rows(comparison):
        word, look = mark(row, comparison)
        compared = behind.get(row.rank) if isinstance(row.rank, int) else None
        gap = UNKNOWN
        if choice and compared is not None:
            gap = plus_minus(compared.difference, compared.standard_error)
            gap = "best" if row.rank == choice.best_rank else gap
        cells = (
            rate_of(row),
            f"{row.trainable_params:,}",
            _megabytes(row.predicted_mb),
            _megabytes(row.measured_mb),
            _seconds(row.cpu_seconds),
            f"{amount(row)} (n\u202f=\u202f{row.seeds})",
            gap,
            plus_minus(row.train_score, row.train_error),
        )
        lines.append(
            f'<tr class="{look}"><th scope="row">{html.escape(name_of(row))}'
            f'<span class="word">{word}</span></th>'
            + "".join(f"<td>{cell}</td>" for cell in cells)
            + "</tr>"
        )
    seeds = paired_seeds(comparison.runs)
    means = f"the seeds that every rank has ({_words(seeds)})" if seeds else "each rank's own seeds"
    better = "Higher" if comparison.metric.higher_is_better else "Lower"
    return (
        f"{scrolling_table('Results a rank', heads, lines)}"
        f'<p class="soft">{better} is better. Mean ± standard error over {means}, n runs. The'
        " choice uses the paired differences, in which a seed's luck cancels.</p>"
    )


def _rates(comparison: Comparison) -> str:
    """Held-out means a rank and learning rate, each rank's best one in bold."""
    table, best, rates = scores_by_rate(comparison), best_rates(comparison), comparison.rates
    lines = []
    for row in rows(comparison):
        if row.rank == FULL or not row.trainable_params:
            continue
        means = [statistics.fmean(table[row.rank][rate]) for rate in rates]
        shown = [f"{mean:.4f}" if math.isfinite(mean) else "diverged" for mean in means]
        place = rates.index(best[row.rank])
        shown[place] = f"<strong>{shown[place]}</strong>"
        lines.append(
            f'<tr><th scope="row">{html.escape(name_of(row))}</th>'
            + "".join(f"<td>{cell}</td>" for cell in shown)
            + "</tr>"
        )
    heads = ["rank", *(f"{rate:g}" for rate in rates)]
    return (
        f"{scrolling_table('Learning rates', heads, lines)}"
        f'<p class="soft">Mean held-out {html.escape(comparison.metric.name)} over the seeds that a'
        " rank has at every rate; its best in bold.</p>"
    )


def _megabytes(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _seconds(value: float) -> str:
    if not math.isfinite(value):
        return UNKNOWN
    return f"{value:.1f}\u202fs" if value < 120 else f"{value / 60:,.1f}\u202fmin"


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
