"""Run the benchmarks: `python -m benchmarks [--only CASE] [--check] [--no-write]`."""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from importlib import import_module

from benchmarks.machine import machine
from benchmarks.report import BLOCK, README, RESULTS, Results, load, merged, render, save
from benchmarks.rows import Row
from lora_course.files import replace_block

CASES = {
    "import": "benchmarks.imports",
    "layer": "benchmarks.layer",
    "sweep": "benchmarks.sweep",
    "explorer": "benchmarks.explorer",
    "memory": "benchmarks.memory",
    "compare": "benchmarks.compare",
    "grading": "benchmarks.grading",
    "chapter": "benchmarks.chapter",
    "thousand": "benchmarks.thousand",
}
LONG = ("thousand",)  # measured only when asked for by name


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=CASES, help="measure one case; the others' rows stay")
    parser.add_argument("--check", action="store_true", help="exit 1 when a budget is missed")
    parser.add_argument(
        "--no-write", action="store_true", help="leave results.json and the README as they are"
    )
    return parser.parse_args(arguments)


def measure(case: str) -> list[Row]:
    """Measure one case. Cases are imported one by one: most of them need torch."""
    print(f"measuring {case} …", file=sys.stderr, flush=True)
    rows: list[Row] = import_module(CASES[case]).measure()
    return rows


def write(results: Results, *, partial: bool) -> None:
    """Write results.json, and its table into the README."""
    if partial and RESULTS.exists():
        results = merged(load(), results)
    save(results)
    readme = README.read_text(encoding="utf-8")
    changed = replace_block(readme, BLOCK, render(results))
    if changed != readme:
        README.write_text(changed, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the table, write it down; 1 when a budget is missed and `--check` is given."""
    options = parse(arguments)
    os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported, which reads it once
    cases = [options.only] if options.only else [case for case in CASES if case not in LONG]
    rows = [row for case in cases for row in measure(case)]
    results = Results(machine(), datetime.date.today().isoformat(), rows)
    print(render(results))
    if not options.no_write:
        same_machine = RESULTS.exists() and load().machine == results.machine
        write(results, partial=options.only is not None or same_machine)
    missed = [row for row in rows if not row.ok]
    for row in missed:
        print(f"missed: {row.name}: {row.value:.3g} {row.unit}", file=sys.stderr)
    return 1 if missed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
