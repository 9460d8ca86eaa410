"""The data: each task hands out a fresh base model, training examples and test examples."""

from __future__ import annotations

from typing import Protocol

from torch import nn

from lora_course.training import Examples


class Task(Protocol):
    """What a rank sweep needs of a task: a model that gives logits, and binary labels."""

    def model(self) -> nn.Module:
        """A fresh copy of the base model."""

    def train(self, seed: int) -> Examples:
        """The training examples of run `seed`."""

    def test(self) -> Examples:
        """The held-out examples, the same for every run."""
