"""One training step of our LoRA layer against PEFT's."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.clock import median_ratio, rounds
from benchmarks.rows import Row, at_least, at_most
from lora_course.core.layers import adapt, trainable_parameters
from lora_course.core.peft_twin import peft_twin
from lora_course.core.training import threads

WIDTH, BATCH, RANK = 128, 32, 8
# As many layers as a small transformer adapts: 4 blocks of 7. With 4 layers, the loss and the
# optimizer, which both sides share, weigh more.
DEPTH, SHALLOW = 28, 4
STEPS, REPEATS = 20, 41
TRACE_STEPS = 50


def network(dtype: torch.dtype, depth: int) -> nn.Sequential:
    """The base model: `depth` linear layers with ReLU between them, the same each time."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for _ in range(depth):
        layers += [nn.Linear(WIDTH, WIDTH, dtype=dtype), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def pair(dtype: torch.dtype, depth: int = DEPTH) -> tuple[nn.Module, nn.Module]:
    """Our model and PEFT's, with the same weights and the same start."""
    ours = adapt(network(dtype, depth), RANK, RANK)
    return ours, peft_twin(ours, network(dtype, depth))


def stepper(model: nn.Module, dtype: torch.dtype) -> Callable[[], Tensor]:
    """A function that does one training step on always the same batch and returns its loss."""
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(BATCH, WIDTH, generator=generator, dtype=dtype)
    targets = torch.randn(BATCH, WIDTH, generator=generator, dtype=dtype)
    optimizer = torch.optim.AdamW(trainable_parameters(model), lr=1e-3, fused=True)

    def step() -> Tensor:
        loss = F.mse_loss(model(inputs), targets)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.detach()

    return step


def many(step: Callable[[], Tensor], count: int) -> Tensor:
    """The losses of `count` steps."""
    return torch.stack([step() for _ in range(count)])


def race(depth: int) -> dict[str, list[float]]:
    """CPU seconds of STEPS steps in each round, ours and PEFT's in turn."""
    ours, peft = (stepper(model, torch.float32) for model in pair(torch.float32, depth))
    calls = {"ours": lambda: many(ours, STEPS), "peft": lambda: many(peft, STEPS)}
    rounds(calls, 5)  # warm-up
    return rounds(calls, REPEATS)


def measure() -> list[Row]:
    """CPU time of a step in fp32, and the agreement of the losses in fp64."""
    with threads(1):
        seconds, shallow = race(DEPTH), race(SHALLOW)
        models = pair(torch.float64)
        traces = [many(stepper(model, torch.float64), TRACE_STEPS) for model in models]
    what = f"layers of {WIDTH}×{WIDTH}, rank {RANK}, batch {BATCH}"
    return [
        Row(
            "layer.ratio",
            f"a training step, PEFT ÷ ours: {DEPTH} {what}",
            median_ratio(seconds["peft"], seconds["ours"]),
            "×",
            at_least(1.4),
        ),
        Row(
            "layer.shallow",
            f"the same, only {SHALLOW} layers: loss and optimizer, common to both, weigh more",
            median_ratio(shallow["peft"], shallow["ours"]),
            "×",
        ),
        *(
            Row(
                f"layer.{key}",
                f"a training step of {DEPTH} layers, {name}",
                statistics.median(seconds[key]) / STEPS * 1e3,
                "ms",
            )
            for key, name in (("ours", "ours"), ("peft", "PEFT"))
        ),
        Row(
            "layer.loss",
            f"losses of {TRACE_STEPS} steps in fp64, ours and PEFT's: the largest difference",
            (traces[0] - traces[1]).abs().max().item(),
            "",
            at_most(1e-10),
        ),
    ]
