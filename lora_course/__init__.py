"""A course on low-rank adaptation: how it works, how to pick its rank, and the tools to do it.

Names load on first use, so that `import lora_course` and the estimators stay free of torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lora_course.lazy import loader
from lora_course.silence import silence_known
from lora_course.threads import one_thread

if TYPE_CHECKING:
    from lora_course.chapters.progress import progress
    from lora_course.chapters.recall import recall
    from lora_course.core.layers import LoRALinear, adapt, adapter_state, count_trainable, merge
    from lora_course.core.rates import at_best_rates
    from lora_course.core.results import RankExperiment, print_comparison, summarize
    from lora_course.core.selection import choose_rank
    from lora_course.core.sweep import rank_sweep, run_rank_comparison
    from lora_course.core.training import evaluate, fit
    from lora_course.display.claims import claim, claims
    from lora_course.display.predict import predict
    from lora_course.memory.closed_form import (
        estimate_lora_params,
        estimate_model_memory,
        estimate_training_memory,
        print_memory_table,
    )
    from lora_course.tasks.matching import MatchingTask

__version__ = "0.1.0"

_HOME = {
    "LoRALinear": "core.layers",
    "MatchingTask": "tasks.matching",
    "RankExperiment": "core.results",
    "adapt": "core.layers",
    "adapter_state": "core.layers",
    "at_best_rates": "core.rates",
    "choose_rank": "core.selection",
    "claim": "display.claims",
    "claims": "display.claims",
    "count_trainable": "core.layers",
    "estimate_lora_params": "memory.closed_form",
    "estimate_model_memory": "memory.closed_form",
    "estimate_training_memory": "memory.closed_form",
    "evaluate": "core.training",
    "fit": "core.training",
    "merge": "core.layers",
    "predict": "display.predict",
    "print_comparison": "core.results",
    "print_memory_table": "memory.closed_form",
    "progress": "chapters.progress",
    "rank_sweep": "core.sweep",
    "recall": "chapters.recall",
    "run_rank_comparison": "core.sweep",
    "summarize": "core.results",
}
__all__ = [
    "LoRALinear",
    "MatchingTask",
    "RankExperiment",
    "adapt",
    "adapter_state",
    "at_best_rates",
    "choose_rank",
    "claim",
    "claims",
    "count_trainable",
    "estimate_lora_params",
    "estimate_model_memory",
    "estimate_training_memory",
    "evaluate",
    "fit",
    "merge",
    "predict",
    "print_comparison",
    "print_memory_table",
    "progress",
    "rank_sweep",
    "recall",
    "run_rank_comparison",
    "summarize",
]


__getattr__ = loader(__name__, _HOME)
one_thread()
silence_known()


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
