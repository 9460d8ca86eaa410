"""One training step of our LoRA layer against PEFT's."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.clock import median_ratio, rounds
from benchmarks.peft_twin import peft_twin
from benchmarks.rows import Row, at_least, at_most
from lora_course.layers import adapt, adapter_state, trainable_parameters
from lora_course.training import threads

WIDTH, DEPTH, BATCH, RANK = 128, 4, 32, 8
STEPS, REPEATS = 50, 61
TRACE_STEPS = 50


def network(dtype: torch.dtype) -> nn.Sequential:
    """The base model: DEPTH linear layers with ReLU between them, the same each time."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for _ in range(DEPTH):
        layers += [nn.Linear(WIDTH, WIDTH, dtype=dtype), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def pair(dtype: torch.dtype) -> tuple[nn.Module, nn.Module]:
    """Our model and PEFT's, with the same weights and the same start."""
    ours = adapt(network(dtype), RANK, RANK)
    return ours, peft_twin(network(dtype), RANK, RANK, adapter_state(ours))


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


def measure() -> list[Row]:
    """CPU time of a step in fp32, and the agreement of the losses in fp64."""
    ours, peft = (stepper(model, torch.float32) for model in pair(torch.float32))
    calls = {"ours": lambda: many(ours, STEPS), "peft": lambda: many(peft, STEPS)}
    with threads(1):
        rounds(calls, 5)  # warm-up
        seconds = rounds(calls, REPEATS)
        models = pair(torch.float64)
        traces = [many(stepper(model, torch.float64), TRACE_STEPS) for model in models]
    model = f"{DEPTH} layers of {WIDTH}×{WIDTH}, rank {RANK}, batch {BATCH}"
    return [
        Row(
            "layer.ratio",
            f"a training step, PEFT ÷ ours: {model}",
            median_ratio(seconds["peft"], seconds["ours"]),
            "×",
            at_least(1.4),
        ),
        *(
            Row(
                f"layer.{key}",
                f"a training step, {name}",
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
