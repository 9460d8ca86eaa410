"""The planted-rank task: do two items match? The needed rank is known, and so is the ceiling."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from lora_course.arguments import one_of, positive, rank_for, whole
from lora_course.tasks import Examples

SPECTRA = ("flat", "power")


class MatchingModel(nn.Module):
    """Score pairs: the sum over layers l of x1[l]ᵀ W_l x2[l], scaled to logits of order 1.

    x1, x2: (…, layers, dim); the result: (…), positive for "they match".
    """

    def __init__(self, weights: Tensor) -> None:
        super().__init__()
        count, dim, _ = weights.shape
        self.layers = nn.ModuleList(
            nn.Linear(dim, dim, bias=False, dtype=weights.dtype) for _ in range(count)
        )
        self.factor = 2 / math.sqrt(count * dim)
        with torch.no_grad():
            for layer, weight in zip(self.layers, weights, strict=True):
                assert isinstance(layer, nn.Linear)
                layer.weight.copy_(weight)

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """Return the logits."""
        score = sum((x1[..., i, :] * f(x2[..., i, :])).sum(-1) for i, f in enumerate(self.layers))
        assert isinstance(score, Tensor)
        return score * self.factor


@dataclass(frozen=True)
class MatchingTask:
    """Binary classification with a planted low-rank truth.

    Each of `num_layers` frozen dim×dim forms W is random; the truth is W + D with D of rank
    `true_rank`, singular values all equal ("flat") or falling as 1/i ("power"), and ‖D‖ =
    `strength`·‖W‖. Items are x1, x2 ~ N(0, I); label = [Σ x1ᵀ(W + D)x2 > 0], flipped with
    probability `noise`. The same arguments give the same task on every machine.
    """

    dim: int = 64
    true_rank: int = 8
    spectrum: str = "flat"
    strength: float = 2.0
    num_layers: int = 1
    train_size: int = 20_000
    test_size: int = 20_000
    noise: float = 0.0
    seed: int = 0
    test_stream: str = "test"
    dtype: torch.dtype = torch.float32

    def __post_init__(self) -> None:
        whole("dim", self.dim)
        rank_for(self.true_rank, (self.dim, self.dim), "the planted form")
        one_of("spectrum", self.spectrum, SPECTRA)
        positive("strength", self.strength)
        whole("num_layers", self.num_layers)
        whole("train_size", self.train_size, at_least=2)
        whole("test_size", self.test_size, at_least=2)
        if not 0 <= self.noise < 0.5:
            raise ValueError(f"noise={self.noise!r}: must be at least 0 and below 0.5, a coin toss")

    @cached_property
    def base(self) -> Tensor:
        """The frozen forms W, (num_layers, dim, dim)."""
        shape = (self.num_layers, self.dim, self.dim)
        return self._normal("base", shape) / math.sqrt(self.dim)

    @cached_property
    def update(self) -> Tensor:
        """The planted change D, (num_layers, dim, dim), of rank `true_rank` in each layer."""
        shape = (self.num_layers, self.dim, self.dim)
        left = torch.linalg.qr(self._normal("left", shape)).Q[..., : self.true_rank]
        right = torch.linalg.qr(self._normal("right", shape)).Q[..., : self.true_rank]
        index = torch.arange(1, self.true_rank + 1, dtype=self.dtype)
        values = torch.ones_like(index) if self.spectrum == "flat" else 1 / index
        size = self.strength * torch.linalg.matrix_norm(self.base) / values.norm()
        return (left * values) @ right.mT * size[:, None, None]

    def model(self) -> MatchingModel:
        """The base model, which knows W and nothing of D."""
        return MatchingModel(self.base)

    def train(self, seed: int) -> Examples:
        """`train_size` fresh labelled pairs for run `seed`."""
        return self._examples(f"train {whole('seed', seed, at_least=0)}", self.train_size)

    def test(self) -> Examples:
        """`test_size` held-out pairs, the same for every run; `test_stream` names the draw."""
        return self._examples(self.test_stream, self.test_size)

    def ceiling(self, rank: int, probes: int = 20_000) -> float:
        """The accuracy of D's leading `rank` singular directions: the best, within about 0.001.

        Eckart–Young: D_r is the nearest rank-r matrix to D. Given x2, the true score and the
        score with D_r are jointly normal, so they agree in sign with probability 1 − φ/π, φ the
        angle between (W + D)x2 and (W + D_r)x2. The mean over `probes` draws of x2 has a
        standard error below 0.001. Noise p turns an accuracy c into c(1 − p) + (1 − c)p.
        """
        rank_for(rank, (self.dim, self.dim), "the form")
        left, values, right = torch.linalg.svd(self.update)
        best = (left[..., :rank] * values[:, None, :rank]) @ right[..., :rank, :]
        angles = []
        # A few probes at a time: all at once, in float64, held 70 MB.
        for x2 in self._normal("probes", (probes, self.num_layers, self.dim)).split(1000):
            truth = _apply(self.base + self.update, x2).flatten(1)
            reached = _apply(self.base + best, x2).flatten(1)
            cosine = torch.cosine_similarity(truth.double(), reached.double()).clamp(-1, 1)
            angles.append(torch.arccos(cosine))
        agreement = 1 - torch.cat(angles).mean().item() / math.pi
        if rank >= self.true_rank:
            agreement = 1.0  # D_r is D: spare the rounding of arccos near 1
        return agreement * (1 - self.noise) + (1 - agreement) * self.noise

    def ceilings(self, ranks: Iterable[int]) -> list[float]:
        """The ceiling at each of `ranks`."""
        return [self.ceiling(rank) for rank in ranks]

    def _examples(self, stream: str, size: int) -> Examples:
        shape = (size, self.num_layers, self.dim)
        x1, x2 = self._normal(stream + " x1", shape), self._normal(stream + " x2", shape)
        labels = (x1 * _apply(self.base + self.update, x2)).sum((-1, -2)) > 0
        if self.noise:
            draws = torch.rand(size, generator=self._generator(stream + " flips"), dtype=self.dtype)
            flips = draws < self.noise
            labels = labels ^ flips
        return Examples((x1, x2), labels.to(self.dtype))

    def _normal(self, stream: str, shape: tuple[int, ...]) -> Tensor:
        return torch.randn(shape, generator=self._generator(stream), dtype=self.dtype)

    def _generator(self, stream: str) -> torch.Generator:
        """A generator for one named stream of this task: streams never overlap."""
        digest = hashlib.sha256(f"{self.seed} {stream}".encode()).digest()
        return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))


def comparison_task(layer_dim: int, num_layers: int = 1) -> MatchingTask:
    """The task of the rank comparison: noisy labels, and an update of falling singular values.

    Its true rank is half the dimension, but 10,000 examples, a tenth of them mislabelled, do not
    carry that much: how much rank pays is for the sweep to find out.
    """
    return MatchingTask(
        dim=layer_dim,
        true_rank=max(1, layer_dim // 2),
        spectrum="power",
        num_layers=num_layers,
        train_size=10_000,
        noise=0.1,
    )


def _apply(forms: Tensor, x: Tensor) -> Tensor:
    """Form l applied to x[:, l], for x of (n, layers, dim)."""
    return torch.einsum("lij,nlj->nli", forms, x)
