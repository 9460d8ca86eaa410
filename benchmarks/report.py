"""results.json, the table rendered from it, and the table's place in the README."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clock import ROOT
from benchmarks.rows import Row

RESULTS = ROOT / "benchmarks" / "results.json"
README = ROOT / "README.md"
BLOCK = "bench"


@dataclass(frozen=True)
class Results:
    """All rows, the machine, and the day of the latest measurement."""

    machine: dict[str, str]
    date: str
    rows: list[Row]


def load(path: Path = RESULTS) -> Results:
    """Read results.json."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return Results(data["machine"], data["date"], [Row.from_dict(row) for row in data["rows"]])


def save(results: Results, path: Path = RESULTS) -> None:
    """Write results.json."""
    data = {**vars(results), "rows": [row.as_dict() for row in results.rows]}
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def merged(old: Results, new: Results) -> Results:
    """`old` with the cases that `new` holds replaced; ValueError when the machines differ."""
    if old.machine != new.machine:
        raise ValueError(
            "results.json is from another machine or other versions, and figures of two machines"
            " do not go into one table: run all cases, or pass --no-write"
        )
    fresh = {row.case: [r for r in new.rows if r.case == row.case] for row in new.rows}
    rows: list[Row] = []
    for case in dict.fromkeys(row.case for row in [*old.rows, *new.rows]):
        rows += fresh.get(case) or [row for row in old.rows if row.case == case]
    return Results(new.machine, new.date, rows)


def number(value: float) -> str:
    """Three significant digits, and plain notation where that is readable."""
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:.1e}"


def render(results: Results) -> str:
    """The Markdown table, with the machine below it."""
    lines = ["| Measured | Value | Budget | Met |", "|---|---:|---:|:---:|"]
    for row in results.rows:
        value = f"{number(row.value)} {row.unit}".strip()
        budget, met = "", ""
        if row.budget is not None:
            sign = "≤" if row.budget.kind == "at most" else "≥"
            budget = f"{sign} {row.budget.limit:g} {row.unit}".strip()
            met = "yes" if row.ok else "**no**"
        lines.append(f"| {row.what} | {value} | {budget} | {met} |")
    m = results.machine
    lines += [
        "",
        f"CPU time on one thread; medians, ratios taken within one run. {m['cpu']} ({m['cores']}"
        f" cores), {m['system']}, Python {m['python']}, torch {m['torch']}, PEFT {m['peft']},"
        f" {results.date}. Measure again: `python -m benchmarks`.",
    ]
    return "\n".join(lines) + "\n"
