"""The options of `lora-course grade`. Importing this is cheap."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the command's options."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="with the submitted notebooks")
    parser.add_argument("--chapter", type=int, required=True, help="whose questions to grade")
    parser.add_argument("--out", type=Path, required=True, help="a folder for grades and feedback")
    parser.add_argument("--roster", type=Path, help="CSV with columns learner, and id or file")
    parser.add_argument(
        "--canvas", type=Path, metavar="GRADEBOOK.csv", help="also write OUT/canvas.csv from it"
    )
    parser.add_argument("--canvas-column", help="the assignment's title or number in it")
    limits = parser.add_argument_group("limits of one submission")
    limits.add_argument("--cell-timeout", type=float, default=120, help="seconds; default: 120")
    limits.add_argument("--timeout", type=float, default=900, help="seconds in all; default: 900")
    limits.add_argument("--memory", type=int, default=2048, help="MB; default: 2048")
    limits.add_argument("--max-file", type=int, default=100, help="MB; default: 100")
    where = parser.add_argument_group("how")
    where.add_argument("--jobs", type=int, default=1, help="submissions graded at a time")
    where.add_argument("--scheduler", help="a Dask cluster instead, such as tcp://host:8786")
    where.add_argument("--seed", help="of the fresh inputs; default: a new one, kept in --out")
    where.add_argument(
        "--all-cells",
        action="store_true",
        help="also run the chapter's own cells that no answer uses; slower, same grades",
    )
    where.add_argument("--quiet", action="store_true", help="no progress bar")
    where.add_argument(
        "--unsafe",
        action="store_true",
        help="no sandbox: a submission can then do whatever you can; only for work you have read",
    )
