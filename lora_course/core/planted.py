"""One linear layer that learns a planted change of low rank: a training of milliseconds."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from lora_course.arguments import one_of, positive, whole
from lora_course.core.layers import LoRALinear, trainable_parameters

OPTIMIZERS = ("SGD", "Adam")
ERROR = "loss (mean squared error)"


class PlantedLayer:
    """A frozen width×width layer W, and 256 examples of W + D, D random of rank `true_rank`.

    The loss is the mean squared error. The same arguments give the same numbers everywhere.
    """

    def __init__(
        self,
        width: int = 32,
        true_rank: int = 4,
        seed: int = 0,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.width, self.dtype = whole("width", width), dtype
        self._generator = torch.Generator().manual_seed(seed)
        self.weight = self.normal(width, width) / math.sqrt(width)
        change = self.normal(width, true_rank) @ self.normal(true_rank, width) / width
        self.inputs = self.normal(256, width)
        self.targets = self.inputs @ (self.weight + change).T

    def normal(self, *shape: int) -> Tensor:
        """The next standard normal numbers of this layer's own stream."""
        return torch.randn(shape, generator=self._generator, dtype=torch.float64).to(self.dtype)

    def adapted(self, rank: int, alpha: float | None = None) -> LoRALinear:
        """The frozen layer with a fresh adapter, A and B both 0: set them."""
        base = nn.Linear(self.width, self.width, bias=False, dtype=self.dtype)
        layer = LoRALinear(base, rank, alpha)
        with torch.no_grad():
            base.weight.copy_(self.weight)
            layer.lora_A.zero_()
        return layer

    def loss(self, layer: nn.Module) -> Tensor:
        """Mean squared error over all examples."""
        return ((layer(self.inputs) - self.targets) ** 2).mean()

    def train(
        self, layer: nn.Module, optimizer: str, learning_rate: float, steps: int
    ) -> tuple[Tensor, list[Tensor]]:
        """Train on all examples at once, in place: the loss at each step, the first gradients."""
        kinds = {"SGD": torch.optim.SGD, "Adam": torch.optim.Adam}
        kind = kinds[one_of("optimizer", optimizer, OPTIMIZERS)]
        parameters = trainable_parameters(layer)
        stepper = kind(parameters, lr=positive("learning_rate", learning_rate))
        losses, first = torch.zeros(steps, dtype=self.dtype), list[Tensor]()
        for step in range(whole("steps", steps)):
            stepper.zero_grad()
            loss = self.loss(layer)
            loss.backward()
            losses[step] = loss.detach()
            first = first or [p.grad.clone() for p in parameters if p.grad is not None]
            stepper.step()
        return losses, first
