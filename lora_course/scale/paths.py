"""Training paths of one small layer: which settings of alpha, rate and start share one."""

from __future__ import annotations

import torch
from torch import Tensor

from lora_course.layers import init_adapter
from lora_course.planted import OPTIMIZERS, PlantedLayer
from lora_course.validation import one_of, positive

WIDTH, RANK, STEPS = 32, 4, 60
ALPHA = 4.0
RATES = {"SGD": 1.0, "Adam": 0.02}
"""A learning rate that suits each optimizer here."""


def trace(
    optimizer: str, alpha: float = 1.0, learning_rate: float = 1.0, spread: float = 1.0
) -> Tensor:
    """Loss at each of 60 steps (fp64) of a 32×32 layer at rank 4, from B = 0.

    All three are factors: of alpha = 4, of the optimizer's rate (`RATES`), and of A's start.
    """
    old_rate = RATES[one_of("optimizer", optimizer, OPTIMIZERS)]
    task = PlantedLayer(WIDTH, RANK, dtype=torch.float64)
    layer = task.adapted(RANK, positive("alpha", alpha) * ALPHA)
    with torch.no_grad():
        layer.lora_A.copy_(spread * init_adapter(layer.base, RANK, seed=0)[0])
    rate = positive("learning_rate", learning_rate) * old_rate
    return task.train(layer, optimizer, rate, STEPS)[0]


def apart(
    optimizer: str, alpha: float = 1.0, learning_rate: float = 1.0, spread: float = 1.0
) -> float:
    """The largest distance of such a path from the old one, over all steps."""
    new = trace(optimizer, alpha, learning_rate, spread)
    return (new - trace(optimizer)).abs().max().item()
