"""`lora-course export-nbgrader`, `export-gradescope`, and `lora-course grade --canvas`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable

from lora_course.chapters.rooms import room_of
from lora_course.grading.records import Graded, Status
from lora_course.interop.canvas import Grade, Merged, merge


def export_nbgrader(options: argparse.Namespace) -> int:
    """Write the assignment; the exit status."""
    try:
        from lora_course.authoring.nbgrader import export_nbgrader as export

        written = export(room_of(options.chapter), options.out, overwrite=options.overwrite)
    except ModuleNotFoundError as error:
        print(
            f"lora-course export-nbgrader needs {error.name}; install it with:"
            ' pip install "lora-course[dev]"',
            file=sys.stderr,
        )
        return 2
    except (ValueError, OSError) as error:
        print(f"lora-course export-nbgrader: {error}", file=sys.stderr)
        return 2
    for path in written:
        print(f"wrote {path}")
    return 0


def export_gradescope(options: argparse.Namespace) -> int:
    """Write the autograder's zip; the exit status."""
    from lora_course.interop.gradescope_zip import write_zip

    try:
        print(f"wrote {write_zip(options.out, options.chapter)}")
    except (ValueError, OSError) as error:
        print(f"lora-course export-gradescope: {error}", file=sys.stderr)
        return 2
    return 0


def merge_into_canvas(options: argparse.Namespace, grades: Iterable[Graded]) -> None:
    """With --canvas, write the gradebook with the scores in it, and tell what was not entered."""
    if not options.canvas:
        return
    out = options.out / "canvas.csv"
    out.unlink(missing_ok=True)  # of an earlier run of the same command
    given = []
    for one in grades:
        if one.status is Status.GRADER:
            print(f"  not entered, for the grader itself failed: {one.file}")
        else:
            given.append(Grade(one.learner, one.file, one.score, one.max_score))
    merged = merge(options.canvas, given, out, column=options.canvas_column)
    print(f"Canvas: {merged.written} scores in {out}")
    for line in _told(merged):
        print(line)


def _told(merged: Merged) -> Iterable[str]:
    kinds = {
        "changed": merged.changed,
        "not in the gradebook": merged.unknown,
        "left out": merged.refused,
        "without a grade": merged.without,
    }
    return (f"  {kind}: {text}" for kind, texts in kinds.items() for text in texts)
