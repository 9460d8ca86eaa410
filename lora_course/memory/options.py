"""The options of `lora-course memory`, and what they come to. Importing this loads no torch."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from lora_course.arguments import rank_list
from lora_course.memory.like import LIKE, Like
from lora_course.memory.setting import (
    ADAPTER_PRECISIONS,
    ATTENTIONS,
    OPTIMIZERS,
    PRECISIONS,
    StepSetting,
)

RANKS = [8, 16, 32, 64]
# An option's name -> the field of PEFT's LoraConfig that it sets.
ADAPTER = {
    "targets": "target_modules",
    "target_parameters": "target_parameters",
    "exclude": "exclude_modules",
    "layers": "layers_to_transform",
    "rank_pattern": "rank_pattern",
    "dropout": "lora_dropout",
    "bias": "bias",
    "dora": "use_dora",
    "modules_to_save": "modules_to_save",
    "tokens": "trainable_token_indices",
    "task_type": "task_type",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the command's options. What is not given is None, so that a saved adapter, a
    trainer's defaults or the model itself can decide."""
    default = StepSetting()
    parser.add_argument(
        "model",
        help="a well-known model's name (--list shows them), a folder with a config.json, such a"
        " file, or a Hub id; the adapter's own where --adapter names one",
        nargs="?",
    )
    parser.add_argument("--list", action="store_true", help="the well-known models")
    parser.add_argument(
        "--like", choices=LIKE, help="with that trainer's defaults where nothing else is given"
    )
    _add_adapter(parser.add_argument_group("adapter"))
    step = parser.add_argument_group("training step")
    step.add_argument(
        "--batch", dest="batch_size", type=int, help=f"sequences a step: {default.batch_size}"
    )
    step.add_argument(
        "--seq",
        dest="seq_length",
        type=int,
        help=f"tokens a sequence: {default.seq_length:,}, or as many as the model has places for",
    )
    step.add_argument(
        "--eval-batch", dest="eval_batch_size", type=int, help="sequences of an evaluation's batch"
    )
    step.add_argument(
        "--precision",
        type=lambda text: {"4bit": "nf4", "8bit": "int8"}.get(text, text),
        choices=PRECISIONS,
        help=f"base weights: {default.precision}",
    )
    step.add_argument(
        "--optimizer",
        type=lambda text: text.replace("_", "-"),  # as trainers write them
        choices=OPTIMIZERS,
        help=default.optimizer,
    )
    step.add_argument("--attention", choices=ATTENTIONS)
    step.add_argument(
        "--loss-chunk", type=int, metavar="TOKENS", help="the loss is taken of so many at a time"
    )
    for name, words in (
        ("checkpointing", "gradient checkpointing"),
        ("autocast", "mixed precision, to bf16"),
        ("padded", "batches hold padding"),
        ("keep-logits", "the loop holds the output"),
        ("on-cpu", "training on a CPU"),
    ):
        step.add_argument(f"--{name}", action=argparse.BooleanOptionalAction, help=words)
    out = parser.add_argument_group("answer")
    out.add_argument("--gpu", type=float, metavar="GIB", help="say what fits a GPU of that size")
    out.add_argument("--counts", action="store_true", help="counts alone, without a step")
    out.add_argument(
        "--no-changes", action="store_true", help="do not try which change frees most: faster"
    )
    out.add_argument("--json", action="store_true", help="all figures, in bytes, as JSON")
    out.add_argument("--figure", type=Path, metavar="FILE", help="write the figure: .png or .svg")


def _add_adapter(lora: argparse._ArgumentGroup) -> None:
    lora.add_argument(
        "--adapter",
        type=Path,
        metavar="FILE",
        help="a saved adapter's folder or adapter_config.json, every field of it; other options"
        " change it",
    )
    lora.add_argument("--rank", type=int, nargs="+", help="8 16 32 64, or the saved adapter's")
    lora.add_argument(
        "--targets",
        nargs="+",
        help='modules to adapt, such as q_proj v_proj, or a regular expression; "default" for'
        " PEFT's own choice; all-linear unless given",
    )
    lora.add_argument(
        "--target-parameters", nargs="+", metavar="NAME", help="tensors, such as experts.down_proj"
    )
    lora.add_argument("--exclude", nargs="+", metavar="NAME", help="modules that get no adapter")
    lora.add_argument("--layers", nargs="+", type=int, metavar="N", help="these layers alone")
    lora.add_argument(
        "--rank-pattern",
        nargs="+",
        type=_name_and_rank,
        metavar="NAME=RANK",
        help="modules of another rank",
    )
    lora.add_argument("--dropout", type=float, metavar="P", help="before the adapter: 0")
    lora.add_argument("--bias", choices=("none", "all", "lora_only"), help="biases that train")
    lora.add_argument("--dora", action=argparse.BooleanOptionalAction)
    lora.add_argument(
        "--modules-to-save", nargs="+", metavar="NAME", help="trained and saved whole"
    )
    lora.add_argument(
        "--tokens", nargs="+", type=int, metavar="ID", help="tokens whose embeddings train"
    )
    lora.add_argument(
        "--task-type",
        type=str.upper,
        help="PEFT's, such as CAUSAL_LM or SEQ_CLS: chooses the model's head, which trains whole",
    )
    lora.add_argument("--classes", type=int, help="classes of that head, where it has some")
    lora.add_argument("--adapter-precision", choices=ADAPTER_PRECISIONS, help="fp32")


def _name_and_rank(text: str) -> tuple[str, int]:
    name, _, rank = text.rpartition("=")
    if not name or not rank.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r}: must be NAME=RANK, such as q_proj=4")
    return name, int(rank)


def like_of(options: argparse.Namespace) -> Like:
    """The defaults of the trainer that the options name; none of its own where they name none."""
    return LIKE[options.like] if options.like else Like({})


def given_setting(options: argparse.Namespace) -> dict[str, Any]:
    """The fields of StepSetting that the options give."""
    values = {field.name: getattr(options, field.name) for field in fields(StepSetting)}
    return {name: value for name, value in values.items() if value is not None}


def given_adapter(options: argparse.Namespace) -> dict[str, Any]:
    """The fields of LoraConfig that the options give; `targets` under PEFT's name."""
    values = {field: getattr(options, name) for name, field in ADAPTER.items()}
    found = {field: value for field, value in values.items() if value is not None}
    if "rank_pattern" in found:
        found["rank_pattern"] = dict(found["rank_pattern"])
    return found


def ranks_and_adapter(
    options: argparse.Namespace, saved: dict[str, Any] | None
) -> tuple[list[int], Callable[[int], Any]]:
    """The ranks asked for, and rank -> a `peft.LoraConfig`; `saved`: the fields of --adapter."""
    from lora_course.memory.adapter import adapter_from, lora_config, target_modules

    given = given_adapter(options)
    if "layers_to_transform" in given and options.targets in (None, ["all-linear"]):
        raise ValueError("--layers: give --targets by name as well; all-linear takes every layer")
    if "target_modules" in given:
        names = given["target_modules"]
        given["target_modules"] = target_modules(names[0] if len(names) == 1 else names)
    ranks = options.rank
    if saved is not None:
        if ranks is None and saved.get("r") is None:
            raise ValueError(f"{options.adapter}: names no rank (r); give --rank")
        ranks = rank_list([saved["r"]] if ranks is None else ranks)
        return ranks, lambda rank: adapter_from(saved, r=rank, **given)
    like = dict(like_of(options).adapter)
    if "target_modules" not in given and "target_parameters" in given:
        given["target_modules"] = []  # else PEFT adapts its own choice of modules as well
    return rank_list(RANKS if ranks is None else ranks), lambda rank: lora_config(
        rank, **(like | given)
    )
