"""The options of `lora-course compare-ranks`. Importing this is cheap: no torch."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the command's options; those left out get defaults that fit the data."""
    data = parser.add_argument_group("data (default: typo detection on Python's own documentation)")
    data.add_argument("--task", help="a built-in task: typos or style-shift")
    data.add_argument("--train", help="CSV, TSV, JSONL, Parquet, or .txt for plain text")
    data.add_argument("--test", help="the same, to test on; default: a fifth of --train")
    data.add_argument(
        "--dataset", help="a data set's id on the Hugging Face Hub, in place of files"
    )
    data.add_argument("--text-column", default="text", help="default: text")
    data.add_argument(
        "--label-column", help='default: "label" where there is one; "none" for plain text'
    )
    model = parser.add_argument_group("model")
    model.add_argument(
        "--model", help="a folder or a Hub id; default: the course's own 1M-parameter model"
    )
    model.add_argument(
        "--targets",
        nargs="+",
        default=["all-linear"],
        help="modules to adapt, such as q_proj v_proj; default: all-linear",
    )
    model.add_argument(
        "--alpha-rule", default="rank", help='"rank", "2*rank", "sqrt(rank)" or a number'
    )
    model.add_argument("--quantize", default="none", help="none or nf4: the base in 4 bits")
    runs = parser.add_argument_group("runs")
    runs.add_argument("--ranks", type=int, nargs="+", default=[4, 8, 16, 32])
    runs.add_argument(
        "--seeds", type=int, default=3, help="runs a rank and learning rate; default: 3"
    )
    runs.add_argument(
        "--ends", action="store_true", help="also train the head alone, and the whole model"
    )
    runs.add_argument("--metric", help="accuracy, f1 or loss; for plain text loss or bits-per-byte")
    length = runs.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, help="training steps a run")
    length.add_argument("--epochs", type=float, help="passes over the data instead; default: 3")
    runs.add_argument("--batch-size", type=int, default=16)
    runs.add_argument("--length", type=int, help="tokens of a text that are read")
    runs.add_argument(
        "--learning-rate",
        type=float,
        nargs="+",
        help="of the adapters; with several, each rank is compared at its best one",
    )
    runs.add_argument(
        "--full-learning-rate", type=float, nargs="+", help="of full tuning, with --ends"
    )
    runs.add_argument("--threads", type=int, default=1, help="threads a run; default: 1")
    where = parser.add_argument_group("where and how long")
    where.add_argument("--max-minutes", type=float, help="begin no run after so many minutes")
    where.add_argument("--jobs", type=int, default=1, help="processes on this machine")
    where.add_argument("--scheduler", help="a Dask cluster instead, such as tcp://host:8786")
    where.add_argument("--out", type=Path, default=Path("rank-comparison"), help="results' folder")
    where.add_argument("--quiet", action="store_true", help="no progress bar")
