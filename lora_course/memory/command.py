"""`lora-course memory`: what a rank costs, before anything is loaded."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from lora_course.arguments import positive, whole
from lora_course.display.progress_bar import track
from lora_course.memory.adapter import adapter_fields
from lora_course.memory.configs import config_from, fields_of
from lora_course.memory.options import given_setting, like_of, ranks_and_adapter
from lora_course.memory.presets import PRESETS
from lora_course.memory.setting import StepSetting
from lora_course.memory.title import title


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
    saved = None if options.adapter is None else adapter_fields(options.adapter)
    name = options.model or (saved or {}).get("base_model_name_or_path")
    if not name:
        raise ValueError("name a model: one of --list, a folder with a config.json, or a Hub id")
    gpu = None if options.gpu is None else positive("--gpu", options.gpu)
    if options.figure is not None and options.figure.suffix not in (".png", ".svg"):
        raise ValueError(f"--figure {options.figure}: must end in .png or .svg")
    found = fields_of(name)
    if options.counts:  # how weights are stored changes no count
        found = {key: value for key, value in found.items() if key != "quantization_config"}
    ranks, lora = ranks_and_adapter(options, saved)
    # Ten seconds to load: what is wrong so far is said before.
    from lora_course.memory.as_data import counts_data, data
    from lora_course.memory.changes import changes
    from lora_course.memory.estimates import count_parameters, estimate, with_reasons
    from lora_course.memory.report import counts_text, text
    from lora_course.memory.usual import usual_setting

    first = lora(ranks[0])
    config = config_from(found, name)
    if options.classes is not None:
        config.num_labels = whole("--classes", options.classes)
    like, given = like_of(options), given_setting(options)
    if options.counts:
        setting = StepSetting(**(like.setting | given))
        counted = {rank: count_parameters(config, lora(rank), setting) for rank in ranks}
        heading = title(_name(name), first, setting, step=False)
        print(_json(counts_data(counted)) if options.json else counts_text(heading, counted))
        return 0
    setting = usual_setting(config, like.setting, **given)
    heading = title(_name(name), first, setting)
    show = not options.json
    estimates = [
        with_reasons(estimate(config, lora(rank), setting), like.inexact)
        for rank in track(ranks, "ranks", show, delay=1)
    ]
    freed = (
        [] if options.no_changes else changes(config, estimates[-1], lora, setting, show, estimates)
    )
    if options.json:
        print(_json(data(heading, setting, estimates, freed, gpu)))
    else:
        print(text(heading, estimates, freed, gpu))
    if options.figure is not None:
        from lora_course.memory.figure import draw_memory

        picture = draw_memory(heading, estimates, gpu)
        content = picture.svg() if options.figure.suffix == ".svg" else picture.png
        options.figure.write_bytes(content)
    return 0


def _json(found: Any) -> str:
    return json.dumps(found, indent=1)


def _name(model: str) -> str:
    """A folder's last part, a preset's name or a Hub id."""
    path = Path(model)
    return path.resolve().name if path.is_dir() else model
