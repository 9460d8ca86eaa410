"""Measure everything again and write docs/memory.md: `python -m lora_course.memory.validation`."""

from __future__ import annotations

import argparse
from importlib.metadata import version
from pathlib import Path

from lora_course.display.progress_bar import track
from lora_course.files import replace_block
from lora_course.memory.validation import measure
from lora_course.memory.validation.closed_form import CASES, compared
from lora_course.memory.validation.page import BLOCK, tables
from lora_course.memory.validation.published import published, published_peaks
from lora_course.memory.validation.reports import reports

PACKAGES = ("torch", "transformers", "peft", "bitsandbytes")


def main() -> None:
    """Run all cases, some ten minutes, and put the tables into the document."""
    parser = argparse.ArgumentParser(prog="python -m lora_course.memory.validation")
    parser.add_argument("--document", type=Path, default=Path("docs/memory.md"))
    path = parser.parse_args().document
    document = path.read_text(encoding="utf-8")
    parts = (
        measure.counts,
        measure.optimizers,
        measure.weights,
        measure.peaks,
        measure.more_peaks,
    )
    counts, optimizers, weights, peaks, more = (
        list(track(part(), part.__name__, show=True)) for part in parts
    )
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    closed = [compared(case) for case in track(CASES, "closed form", show=True)]
    elsewhere = [*published(), *published_peaks()]
    content = tables(
        counts, optimizers, weights, peaks, more, elsewhere, closed, reports(), versions
    )
    path.write_text(replace_block(document, BLOCK, f"{content}\n"), encoding="utf-8")
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
