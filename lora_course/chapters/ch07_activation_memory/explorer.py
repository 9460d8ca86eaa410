"""Change length, rank, the adapter's type and dropout: which part of a step's peak moves?"""

from __future__ import annotations

from lora_course.chapters.ch07_activation_memory.comparison import compare
from lora_course.chapters.ch07_activation_memory.figure import draw_parts
from lora_course.display.explorer import Explorer, buttons, chooser
from lora_course.memory import StepSetting, lora_config

MODELS = ("Llama-3.2-1B", "Llama-3.1-8B")


def peak_explorer() -> Explorer:
    """Settings of one sequence a step -> LoRA's peak by kind, beside that of full tuning."""
    controls = {
        "model": buttons("model", MODELS, MODELS[0]),
        "length": chooser("tokens", (512, 2048, 8192), 2048, on_release=True, few=(2048, 8192)),
        "rank": chooser("rank r", (8, 64, 256), 8, on_release=True, few=(8, 256)),
        "adapter": buttons("adapter's type", ("bf16", "fp32"), "fp32"),
        "dropout": buttons("adapter's dropout", ("0", "0.1"), "0"),
    }
    return Explorer(controls, _view, busy="Tracing two steps: some seconds …")


def _view(model: str, length: int, rank: int, adapter: str, dropout: str) -> str:
    found = compare(
        model,
        lora_config(rank, lora_dropout=float(dropout)),
        StepSetting(seq_length=length, adapter_precision=adapter),
    )
    return draw_parts(found.held).to_html() + f"<p>{found.words}.</p>"
