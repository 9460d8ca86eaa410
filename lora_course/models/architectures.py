"""Shapes of well-known decoder models, as facts: enough to count parameters without a download.

Each row restates the public config.json of the model it names; tests build every row as a real
transformers model (on the meta device, so without memory) and compare the counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lora_course.arguments import one_of

Shape = tuple[int, int]
"""(d_out, d_in), the layout of `torch.nn.Linear.weight`."""

TARGETS: dict[str, tuple[str, ...]] = {
    "query and value": ("q_proj", "v_proj"),
    "attention": ("q_proj", "k_proj", "v_proj", "o_proj"),
    "MLP": ("gate_proj", "up_proj", "down_proj"),
    "all linear": (
        "q_proj",
        "k_proj",
        "v_proj",
        "o_proj",
        "gate_proj",
        "up_proj",
        "down_proj",
    ),
}
"""The usual choices of target modules, by the name that people give them."""


@dataclass(frozen=True)
class Decoder:
    """The shape of a Llama-style decoder: grouped attention, gated MLP, RMSNorm, no biases."""

    hidden: int
    intermediate: int
    layers: int
    heads: int
    kv_heads: int
    vocab: int
    head_dim: int = 128
    tied: bool = False

    def matrices(self) -> dict[str, Shape]:
        """The linear layers of one block, name -> (d_out, d_in)."""
        q_dim, kv_dim = self.heads * self.head_dim, self.kv_heads * self.head_dim
        return {
            "q_proj": (q_dim, self.hidden),
            "k_proj": (kv_dim, self.hidden),
            "v_proj": (kv_dim, self.hidden),
            "o_proj": (self.hidden, q_dim),
            "gate_proj": (self.intermediate, self.hidden),
            "up_proj": (self.intermediate, self.hidden),
            "down_proj": (self.hidden, self.intermediate),
        }

    def linear_parameters(self) -> int:
        """Parameters of all blocks' linear layers: what a 4-bit load quantises."""
        return self.layers * sum(d_out * d_in for d_out, d_in in self.matrices().values())

    def other_parameters(self) -> int:
        """Embedding, output head (unless tied) and norms: kept in 16 bits by a 4-bit load."""
        tables = 1 if self.tied else 2
        return tables * self.vocab * self.hidden + (2 * self.layers + 1) * self.hidden

    def parameters(self) -> int:
        """All parameters of the model."""
        return self.linear_parameters() + self.other_parameters()


MODELS: dict[str, Decoder] = {
    "Llama-3.2-1B": Decoder(2048, 8192, 16, 32, 8, 128_256, head_dim=64, tied=True),
    "Llama-3.2-3B": Decoder(3072, 8192, 28, 24, 8, 128_256, tied=True),
    "Llama-2-7B": Decoder(4096, 11_008, 32, 32, 32, 32_000),
    "Mistral-7B": Decoder(4096, 14_336, 32, 32, 8, 32_000),
    "Llama-3.1-8B": Decoder(4096, 14_336, 32, 32, 8, 128_256),
    "Llama-3.1-70B": Decoder(8192, 28_672, 80, 64, 8, 128_256),
}


def model_shape(model: str | Decoder) -> Decoder:
    """The shape behind a preset's name, or the shape itself."""
    return model if isinstance(model, Decoder) else MODELS[one_of("model", model, MODELS)]


def target_names(targets: str | Iterable[str]) -> tuple[str, ...]:
    """Module names behind "attention", "all linear", …, or a list of module names, checked."""
    if isinstance(targets, str):
        return TARGETS[one_of("targets", targets, TARGETS)]
    names = tuple(one_of("targets", name, TARGETS["all linear"]) for name in targets)
    if not names:
        raise ValueError(f"targets=[]: is empty; name at least one of {TARGETS['all linear']}")
    return names
