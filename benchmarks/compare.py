"""A training step of `compare-ranks` against a plain loop with PEFT, on the same work."""

from __future__ import annotations

import statistics
from dataclasses import replace
from functools import partial

import torch
from torch import nn

from benchmarks.clock import median_ratio, rounds
from benchmarks.rows import Row, at_least
from lora_course.compare.model import load_base, make_ready
from lora_course.compare.prepared import loss_of
from lora_course.compare.run import read
from lora_course.compare.settings import Settings
from lora_course.core.layers import trainable_parameters
from lora_course.core.training import fit_batches
from lora_course.threads import threads

STEPS, REPEATS, RANK = 4, 41, 8


def measure() -> list[Row]:
    """CPU time of STEPS steps on the style shift, in turn, each with an optimizer of its own."""
    settings = replace(Settings(), task="style-shift").checked()
    data, prepared, _ = read(settings)
    size, rate = settings.batch_size, settings.learning_rates[0]

    def fresh() -> nn.Module:
        torch.manual_seed(0)
        return make_ready(load_base(settings, data, prepared.pad), settings, RANK, data)

    batches = [
        prepared.train.take(torch.arange(step * size, (step + 1) * size)) for step in range(STEPS)
    ]

    def ours(model: nn.Module) -> None:
        fit_batches(
            model,
            lambda step: batches[step],
            steps=STEPS,
            learning_rate=rate,
            loss=loss_of(prepared),
            progress=False,
        )

    def peft(model: nn.Module) -> None:
        model.train()
        optimizer = torch.optim.AdamW(trainable_parameters(model), lr=rate)
        for batch in batches:
            (ids,) = batch.inputs
            model(input_ids=ids, labels=ids).loss.backward()
            optimizer.step()
            optimizer.zero_grad()

    # Each loop trains both models, and comes first as often as last: where a model happens to lie
    # in memory alone makes up to 1% of difference.
    one, two = fresh(), fresh()
    calls = {
        "ours": partial(ours, one),
        "peft": partial(peft, one),
        "peft again": partial(peft, two),
        "ours again": partial(ours, two),
    }
    with threads(1):
        rounds(calls, 1)  # warm-up
        seconds = rounds(calls, REPEATS)
    both = {
        name: [a + b for a, b in zip(seconds[name], seconds[f"{name} again"], strict=True)]
        for name in ("ours", "peft")
    }
    what = f"batch {size} × {settings.length} tokens, rank {RANK}"
    return [
        Row(
            "compare.ratio",
            f"a step of `compare-ranks`, plain PEFT loop ÷ ours: shipped model, {what}",
            median_ratio(both["peft"], both["ours"]),
            "×",
            # Nearly equal work: what is left of the noise is about 1%.
            at_least(0.99),
        ),
        Row(
            "compare.ours",
            "a step of `compare-ranks`",
            statistics.median(seconds["ours"]) / STEPS * 1e3,
            "ms",
        ),
    ]
