"""Chapter 4, question (e): the configs of the sweep. Ranks, target modules, the rule of alpha."""

from __future__ import annotations

import json
import random

from lora_course.chapters.ch04_rank_selection.check_sweep_call import INSIDE, Sweep, asked
from lora_course.checks.answer import Answer
from lora_course.models import BASE_MODEL
from lora_course.models.architectures import TARGETS

SAME = 1.1  # a ratio below this counts as 1: a whole alpha may be a rounded one
PEFT_TARGETS = ("q_proj", "v_proj")  # what PEFT takes for this model where nothing is said
LINEAR = set(TARGETS["all linear"])
BLOCKS = json.loads((BASE_MODEL / "config.json").read_text(encoding="utf-8"))["num_hidden_layers"]


def check_configs(answer: Answer, draws: random.Random) -> None:
    """Each rank adapts every linear layer of the shipped model, by one rule of alpha."""
    seen = asked(answer, draws, INSIDE)
    scalings: dict[int, list[float]] = {}
    for adapter in seen.adapters:
        ranks = {int(rank) for rank, _ in adapter.values()}
        _check_targets(seen, set(adapter))
        for rank in ranks:
            scalings.setdefault(rank, []).extend(scaling for _, scaling in adapter.values())
    _check_ranks(seen, set(scalings))
    _check_alpha(seen, scalings)


def _check_targets(seen: Sweep, layers: set[str]) -> None:
    kinds = sorted({name.rpartition(".")[2] for name in layers})
    if set(kinds) >= LINEAR and len(layers) >= BLOCKS * len(LINEAR):
        return
    name, message = "layers left out", "Adapt all linear layers"
    if kinds == sorted(PEFT_TARGETS):
        name = "PEFT's own targets"
        message = "These two are what PEFT adapts in a Llama where nothing else is said"
    raise seen.wrong(
        f'{message}: target_modules="all-linear" takes every one, whatever the model calls them.',
        f"{len(layers)} layers adapted: {', '.join(kinds)}",
        f"{BLOCKS * len(LINEAR)}: {', '.join(sorted(LINEAR))}",
        name,
    )


def _check_ranks(seen: Sweep, ranks: set[int]) -> None:
    if ranks == set(seen.ranks):
        return
    name = "one rank for all" if len(ranks) == 1 else "other ranks"
    raise seen.wrong(
        "A run's rank is what its config says: LoraConfig(r=rank, ...), one for each rank.",
        f"trained at rank {', '.join(map(str, sorted(ranks)))}",
        f"rank {', '.join(map(str, seen.ranks))}",
        name,
    )


def _check_alpha(seen: Sweep, scalings: dict[int, list[float]]) -> None:
    """Whatever the rule: the scaling is a power of the rank, times a number."""
    shown = ", ".join(
        f"{'/'.join(f'{scaling:.3g}' for scaling in sorted(set(own)))} at rank {rank}"
        for rank, own in sorted(scalings.items())
    )
    if any(max(own) > SAME * min(own) for own in scalings.values()):
        raise seen.wrong(
            "One rank has several scalings: lora_alpha follows the rank alone, never rate or seed.",
            f"lora_alpha / r: {shown}",
            "one scaling a rank",
            "alpha by the rate or seed",
        )
    low, middle, high = (scalings[rank][0] for rank in sorted(scalings))
    if not 1 / SAME < middle**2 / (low * high) < SAME:  # ranks in equal steps of their logarithm
        raise seen.wrong(
            "Alpha follows no one rule from rank to rank, so ranks are compared at different"
            " scales: the same multiple of the rank for all, or one number for all.",
            f"lora_alpha / r: {shown}",
            "one rule, such as lora_alpha = 2 * rank",
            "no one rule of alpha",
        )
