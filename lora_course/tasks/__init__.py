"""The data: each task hands out a fresh base model, training examples and test examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn


@dataclass(frozen=True)
class Examples:
    """Inputs and labels that share their batch dimension: the first, or for a stack the second."""

    inputs: tuple[Tensor, ...]
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: Tensor) -> Examples:
        """The examples at `index`."""
        return Examples(tuple(tensor[index] for tensor in self.inputs), self.labels[index])

    def split(self, size: int) -> list[Examples]:
        """All examples in their order, `size` at a time."""
        inputs = zip(*(tensor.split(size) for tensor in self.inputs), strict=True)
        labels = self.labels.split(size)
        return [Examples(parts, some) for parts, some in zip(inputs, labels, strict=True)]


class Task(Protocol):
    """What a rank sweep needs of a task: a model that gives logits, and binary labels."""

    def model(self) -> nn.Module:
        """A fresh copy of the base model."""

    def train(self, seed: int) -> Examples:
        """The training examples of run `seed`."""

    def test(self) -> Examples:
        """The held-out examples, the same for every run."""
