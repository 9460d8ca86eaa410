"""`lora-course memory`: what a rank costs, before anything is loaded."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from lora_course.arguments import positive, rank_list
from lora_course.display.progress_bar import track
from lora_course.memory.configs import load_config, lora_config
from lora_course.memory.estimates import changes, count_parameters, estimate
from lora_course.memory.options import setting_of
from lora_course.memory.positions import usual_length
from lora_course.memory.presets import PRESETS
from lora_course.memory.report import COUNTS, aligned, count_cells, data, text, title


def main(options: argparse.Namespace) -> int:
    """Print the answer; 2 and one line on bad input, 130 when stopped."""
    try:
        return _answer(options)
    except (ValueError, RuntimeError, MemoryError, OSError) as error:  # InternalsMovedError too
        print(f"lora-course memory: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("lora-course memory: stopped", file=sys.stderr)
        return 130


def _answer(options: argparse.Namespace) -> int:
    if options.list:
        print("\n".join(PRESETS))
        return 0
    if options.model is None:
        raise ValueError("name a model: one of --list, a folder with a config.json, or a Hub id")
    ranks, setting = rank_list(options.rank), setting_of(options)
    gpu = None if options.gpu is None else positive("--gpu", options.gpu)
    if options.figure is not None and options.figure.suffix not in (".png", ".svg"):
        raise ValueError(f"--figure {options.figure}: must end in .png or .svg")
    targets = options.targets[0] if len(options.targets) == 1 else options.targets

    def lora(rank: int) -> Any:
        return lora_config(
            rank, targets, dora=options.dora, modules_to_save=options.modules_to_save
        )

    config = load_config(options.model)
    if options.seq_length is None and not options.counts:
        setting = replace(setting, seq_length=usual_length(config))
    heading = title(_name(options.model), _adapter(options), setting)
    if options.counts:
        counted = {rank: count_parameters(config, lora(rank), setting) for rank in ranks}
        if options.json:
            print(json.dumps([{"rank": r} | asdict(c) for r, c in counted.items()], indent=1))
        else:
            rows = [count_cells(rank, count) for rank, count in counted.items()]
            print(f"{heading}\n\n{aligned(COUNTS, rows)}")
        return 0
    show = not options.json
    estimates = [
        estimate(config, lora(rank), setting) for rank in track(ranks, "ranks", show, delay=1)
    ]
    found = [] if options.no_changes else changes(config, estimates[-1], lora, setting, show)
    if options.json:
        print(json.dumps(data(heading, setting, estimates, found, gpu), indent=1))
    else:
        print(text(heading, estimates, found, gpu))
    if options.figure is not None:
        from lora_course.memory.figure import draw_memory

        picture = draw_memory(heading, estimates, gpu)
        content = picture.svg() if options.figure.suffix == ".svg" else picture.png
        options.figure.write_bytes(content)
    return 0


def _adapter(options: argparse.Namespace) -> str:
    """What the adapter is, in words."""
    kind = "DoRA" if options.dora else "LoRA"
    saved = [f"{name} trained whole" for name in options.modules_to_save or ()]
    return ", ".join([f"{kind} on {' '.join(options.targets)}", *saved])


def _name(model: str) -> str:
    """A folder's last part, a preset's name or a Hub id."""
    path = Path(model)
    return path.resolve().name if path.is_dir() else model
