"""The whole course, part by part: what chapters there are to be, written or not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """Some chapters in a row: what they are about, what one measures, their titles in order."""

    title: str
    measures: str
    first: int
    chapters: tuple[str, ...]

    @property
    def numbers(self) -> range:
        """The numbers of its chapters."""
        return range(self.first, self.first + len(self.chapters))


PARTS = (
    Part(
        "The adapter",
        "what an adapter is, and what its rank buys",
        1,
        ("The low-rank update", "A quiet start", "Alpha, scale and step size", "Rank selection"),
    ),
    Part(
        "What it costs",
        "memory to the byte, and time",
        5,
        (
            "Counting parameters",
            "Weights, gradients, optimizer",
            "Activations",
            "Activation checkpointing",
            "Where the time goes",
        ),
    ),
    Part(
        "What moves a result",
        "what decides quality, and what only seems to",
        10,
        (
            "Where to adapt",
            "The learning rate",
            "Batches and accumulation",
            "Data, templates, masking, packing",
            "Capacity and data",
            "Honest sweeps and races",
        ),
    ),
    Part(
        "Low precision",
        "what few bits save, and what they cost",
        16,
        ("Precision", "4-bit bases: QLoRA and LoftQ", "Optimizers for adapters"),
    ),
    Part(
        "Variants and ranks",
        "when a variant helps, each at its best rate",
        19,
        (
            "Variants, each at its best rate",
            "Where ranks go, and changing them",
            "Tiny adapters",
        ),
    ),
    Part(
        "After training",
        "whether it works, what it forgot, how it ships",
        22,
        (
            "Nothing changed: debugging an adapter",
            "Forgetting and merging",
            "Serving, shipping, and your own model",
        ),
    ),
)
"""A chapter that is written says its title and what one measures in its own first cell."""
