"""The style shift: the shipped model, which has read documentation alone, learns to write code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from lora_course.models import BASE_MODEL
from lora_course.models.architectures import TARGETS
from lora_course.silence import silence_libraries
from lora_course.tasks import Examples, corpus
from lora_course.tasks.language import held_out_loss, stream

LINEAR = TARGETS["all linear"]
"""The names of the base model's linear layers, as `layers.adapt` takes them."""


def excerpts(split: str, size: int) -> list[str]:
    """About `size` bytes of library code, the same of every module: many hands' code is in."""
    texts = corpus.code(split)
    share = size // len(texts)
    return [text[:share] for text in texts]


@dataclass(frozen=True)
class StyleShift:
    """A small style shift for a notebook: windows of `length` tokens of Python's library code.

    Small means `train_bytes` to train on and `test_bytes` to test on; the test files are others.
    """

    length: int = 64
    batch_size: int = 8
    train_bytes: int = 500_000
    test_bytes: int = 12_000
    dtype: torch.dtype = torch.float32

    def model(self) -> nn.Module:
        """A fresh copy of the shipped base model."""
        from transformers import AutoModelForCausalLM

        with silence_libraries():
            model: nn.Module = AutoModelForCausalLM.from_pretrained(BASE_MODEL, dtype=self.dtype)
        return model

    def batches(self, seed: int, steps: int) -> Callable[[int], Examples]:
        """Step -> its batch of windows, in the order of run `seed`."""
        generator = torch.Generator().manual_seed(seed)
        order = torch.randint(len(self._train), (steps, self.batch_size), generator=generator)

        def batch_at(step: int) -> Examples:
            ids = self._train[order[step]]
            return Examples((ids,), ids)

        return batch_at

    def loss(self, model: nn.Module) -> float:
        """Mean loss of `model` on the held-out code, nats a token."""
        return held_out_loss(model, self._test.flatten(), self.length)

    @cached_property
    def _train(self) -> Tensor:
        return self._windows("train", self.train_bytes)

    @cached_property
    def _test(self) -> Tensor:
        return self._windows("test", self.test_bytes)

    def _windows(self, split: str, size: int) -> Tensor:
        from transformers import AutoTokenizer

        tokenizer: Any = AutoTokenizer.from_pretrained(BASE_MODEL)
        tokens = stream(tokenizer, excerpts(split, size))
        return tokens[: len(tokens) // self.length * self.length].view(-1, self.length)
