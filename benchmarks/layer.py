"""One training step of our LoRA layers, the plain and the fused, against PEFT's."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.clock import median_ratio, rounds
from benchmarks.rows import Row, at_least, at_most
from lora_course.core.fused import fuse
from lora_course.core.layers import adapt, trainable_parameters
from lora_course.core.peft_twin import peft_twin
from lora_course.threads import threads

WIDTH, BATCH, RANK = 128, 32, 8
# As many layers as a small transformer adapts: 4 blocks of 7. With 4 layers, the loss and the
# optimizer, which both sides share, weigh more.
DEPTH, SHALLOW = 28, 4
STEPS, REPEATS = 20, 41
TRACE_STEPS = 50
PLAIN, FUSED, PEFT = "plain", "fused", "peft"


def network(dtype: torch.dtype, depth: int) -> nn.Sequential:
    """The base model: `depth` linear layers with ReLU between them, the same each time."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for _ in range(depth):
        layers += [nn.Linear(WIDTH, WIDTH, dtype=dtype), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def models(dtype: torch.dtype, depth: int = DEPTH) -> dict[str, nn.Module]:
    """Our plain model, our fused one and PEFT's, with the same weights and the same start."""
    plain, fused = (adapt(network(dtype, depth), RANK, RANK) for _ in range(2))
    return {
        PLAIN: plain,
        FUSED: fuse(fused),
        PEFT: peft_twin(plain, network(dtype, depth)),
    }


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


def race(ours: str, depth: int = DEPTH) -> dict[str, list[float]]:
    """CPU seconds of STEPS steps in each round, of one of ours and of PEFT's in turn."""
    both = models(torch.float32, depth)
    calls = {
        name: partial(many, stepper(both[name], torch.float32), STEPS) for name in (ours, PEFT)
    }
    rounds(calls, 5)  # warm-up
    return rounds(calls, REPEATS)


def measure() -> list[Row]:
    """CPU time of a step in fp32, and the agreement of the losses in fp64."""
    with threads(1):
        fused, plain, shallow = race(FUSED), race(PLAIN), race(FUSED, SHALLOW)
        traces = {
            name: many(stepper(model, torch.float64), TRACE_STEPS)
            for name, model in models(torch.float64).items()
        }
    what = f"{DEPTH} layers of {WIDTH}×{WIDTH}, rank {RANK}, batch {BATCH}"
    off = max((traces[name] - traces[PEFT]).abs().max().item() for name in (PLAIN, FUSED))
    return [
        Row(
            "layer.ratio",
            f"a training step, PEFT ÷ our fused layer (`fuse`): {what}",
            median_ratio(fused[PEFT], fused[FUSED]),
            "×",
            at_least(1.4),
        ),
        Row(
            "layer.ratio_plain",
            "the same, PEFT ÷ our plain layer, which the chapters use (`adapt`)",
            median_ratio(plain[PEFT], plain[PLAIN]),
            "×",
        ),
        Row(
            "layer.shallow",
            f"PEFT ÷ fused, only {SHALLOW} layers: loss and optimizer, common to both, weigh more",
            median_ratio(shallow[PEFT], shallow[FUSED]),
            "×",
        ),
        *(
            Row(
                f"layer.{name}",
                f"a training step of {DEPTH} layers, {label}",
                statistics.median(seconds[name]) / STEPS * 1e3,
                "ms",
            )
            for name, label, seconds in (
                (PLAIN, "ours, plain", plain),
                (FUSED, "ours, fused", fused),
                (PEFT, "PEFT", fused),
            )
        ),
        Row(
            "layer.loss",
            f"losses of {TRACE_STEPS} steps in fp64, either of ours and PEFT's: the largest"
            " difference",
            off,
            "",
            at_most(1e-10),
        ),
    ]
