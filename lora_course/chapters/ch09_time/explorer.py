"""Width, rank and length of the texts: what a step's FLOPs are for, and which share is saved."""

from __future__ import annotations

from lora_course.chapters.ch09_time.figure import draw_parts
from lora_course.chapters.ch09_time.flops import break_even, by_hand
from lora_course.display.explorer import Explorer, chooser
from lora_course.models.architectures import Decoder

WIDTHS = (128, 256, 512, 1024, 2048, 4096, 8192)
RANKS = (1, 4, 8, 16, 32, 64, 128)
LENGTHS = (32, 128, 512, 2048, 8192, 32_768)
LAYERS, VOCABULARY = 16, 1024


def flops_explorer() -> Explorer:
    """It opens on a narrow model whose adapter takes more than its frozen weights spare."""
    controls = {
        "width": chooser("width", WIDTHS, 128, few=(128, 512, 4096)),
        "rank": chooser("rank", RANKS, 64, few=(8, 64)),
        "length": chooser("tokens a text", LENGTHS, 32, few=(32, 2048, 32_768)),
    }
    return Explorer(controls, _view)


def _view(width: int, rank: int, length: int) -> str:
    heads = max(4, width // 128)
    shape = Decoder(width, 3 * width, LAYERS, heads, heads, VOCABULARY, width // heads)
    bars = {
        "full tuning": by_hand(shape, 1, length),
        f"LoRA, r = {rank}": by_hand(shape, 1, length, rank),
    }
    full, lora = (of.total for of in bars.values())
    kept = "saves" if lora < full else "costs"
    square, mlp = break_even(width, width), break_even(3 * width, width)
    return (
        draw_parts(bars, length).to_html()
        + f"<p>Here LoRA <strong>{kept} {abs(1 - lora / full):.0%}</strong> of the FLOPs. Its"
        f" adapters cost as many as they spare at rank {square:.4g} in the square matrices, at"
        f" {mlp:.4g} in the MLP's.</p>"
    )
