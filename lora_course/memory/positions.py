"""How long a sequence a model has positions for, and how long one is where nobody says."""

from __future__ import annotations

import re
from typing import Any

from torch import nn

from lora_course.memory.configs import load_config
from lora_course.memory.meta import base_model
from lora_course.memory.setting import StepSetting

_SENSES = re.compile(r"(^|\.)(vision|visual|image|audio)")
USUAL = StepSetting.seq_length  # tokens


class LengthError(ValueError):
    """Sequences that are longer than a model has positions for."""


def most_positions(base: nn.Module) -> int | None:
    """The longest text that the model's tables of positions take; None where it has none.

    Rotary and relative positions have no table: they can be worked out for any length. Tables of
    an image's patches or of a sound's frames do not limit it.
    """
    tables = {name: module for name, module in base.named_modules() if _is_table(name, module)}
    hears = getattr(base, "main_input_name", "") == "input_features"
    text = [name for name in tables if not (_SENSES.search(name) or (hears and "encoder." in name))]
    rows = [_rows(tables[name]) for name in text]
    return min(rows, default=None)


def _is_table(name: str, module: nn.Module) -> bool:
    last = name.rpartition(".")[2]
    named = last == "wpe" or ("pos" in last and not last.startswith("rel"))
    return isinstance(module, nn.Embedding) and named


def _rows(table: Any) -> int:
    """The rows that tokens use: RoBERTa begins behind padding's, OPT and BART leave two out."""
    unused: int = getattr(table, "offset", 0)
    if table.padding_idx is not None:
        unused += table.padding_idx + 1
    rows: int = table.num_embeddings
    return rows - unused


def usual_length(model: Any) -> int:
    """USUAL tokens, or as many as `model` (see `load_config`) has positions for."""
    config = load_config(model)
    named = getattr(config, "max_position_embeddings", None)
    if named is not None and named > USUAL + 2:  # then no table is shorter: nothing to build
        return USUAL
    return min(USUAL, most_positions(base_model(config)) or USUAL)


def require_positions(base: nn.Module, length: int) -> None:
    """LengthError where sequences of that length have no positions in `base`."""
    most = most_positions(base)
    if most is not None and length > most:
        raise LengthError(
            f"seq_length={length:,}: {type(base).__name__} has a table of positions for {most:,}"
            f" tokens; give {most:,} or fewer (--seq)"
        )
