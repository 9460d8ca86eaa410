"""The options of `lora-course memory`. Importing this is cheap: no torch."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

from lora_course.memory.setting import (
    ADAPTER_PRECISIONS,
    ATTENTIONS,
    OPTIMIZERS,
    PRECISIONS,
    StepSetting,
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the command's options."""
    default = StepSetting()
    parser.add_argument(
        "model",
        help="a well-known model's name (--list shows them), a folder with a config.json, such a"
        " file, or a Hub id",
        nargs="?",
    )
    parser.add_argument("--list", action="store_true", help="the well-known models")
    lora = parser.add_argument_group("adapter")
    lora.add_argument("--rank", type=int, nargs="+", default=[8, 16, 32, 64])
    lora.add_argument(
        "--targets",
        nargs="+",
        default=["all-linear"],
        help='modules to adapt, such as q_proj v_proj; "default" for PEFT\'s own choice',
    )
    lora.add_argument("--dora", action="store_true")
    lora.add_argument("--modules-to-save", nargs="+", help="trained and saved whole")
    lora.add_argument("--adapter-precision", choices=ADAPTER_PRECISIONS, default="fp32")
    step = parser.add_argument_group("training step")
    step.add_argument(
        "--batch", dest="batch_size", type=int, default=default.batch_size, help="sequences a step"
    )
    step.add_argument(
        "--seq",
        dest="seq_length",
        type=int,
        help=f"tokens a sequence: {default.seq_length:,}, or as many as the model has places for",
    )
    step.add_argument("--precision", choices=PRECISIONS, default=default.precision)
    step.add_argument("--optimizer", choices=OPTIMIZERS, default=default.optimizer)
    step.add_argument("--attention", choices=ATTENTIONS, default=default.attention)
    step.add_argument("--checkpointing", action="store_true", help="gradient checkpointing")
    step.add_argument("--autocast", action="store_true", help="mixed precision, to bf16")
    step.add_argument("--padded", action="store_true", help="batches hold padding")
    step.add_argument("--keep-logits", action="store_true", help="the loop holds the output")
    step.add_argument("--on-cpu", action="store_true", help="training on a CPU")
    out = parser.add_argument_group("answer")
    out.add_argument("--gpu", type=float, metavar="GIB", help="say what fits a GPU of that size")
    out.add_argument("--counts", action="store_true", help="counts alone, without a step")
    out.add_argument(
        "--no-changes", action="store_true", help="do not try which change frees most: faster"
    )
    out.add_argument("--json", action="store_true", help="all figures, in bytes, as JSON")
    out.add_argument("--figure", type=Path, metavar="FILE", help="write the figure: .png or .svg")


def setting_of(options: argparse.Namespace) -> StepSetting:
    """The setting that the options give, the default where they give none; ValueError for sizes
    that are none."""
    given = {field.name: getattr(options, field.name) for field in fields(StepSetting)}
    return StepSetting(**{name: value for name, value in given.items() if value is not None})
