"""A course on low-rank adaptation: how it works, how to pick its rank, and the tools to do it.

Names load on first use, so that `import lora_course` and the estimators stay free of torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lora_course.lazy import loader
from lora_course.threads import one_thread

if TYPE_CHECKING:
    from lora_course.checks.progress import progress
    from lora_course.estimators import (
        estimate_lora_params,
        estimate_model_memory,
        estimate_training_memory,
        print_memory_table,
    )
    from lora_course.experiments import rank_sweep, run_rank_comparison
    from lora_course.layers import LoRALinear, adapt, adapter_state, count_trainable, merge
    from lora_course.results import RankExperiment
    from lora_course.selection import choose_rank
    from lora_course.tasks.matching import MatchingTask
    from lora_course.training import evaluate, fit

__version__ = "0.1.0"

_HOME = {
    "LoRALinear": "layers",
    "MatchingTask": "tasks.matching",
    "RankExperiment": "results",
    "adapt": "layers",
    "adapter_state": "layers",
    "choose_rank": "selection",
    "count_trainable": "layers",
    "estimate_lora_params": "estimators",
    "estimate_model_memory": "estimators",
    "estimate_training_memory": "estimators",
    "evaluate": "training",
    "fit": "training",
    "merge": "layers",
    "print_memory_table": "estimators",
    "progress": "checks.progress",
    "rank_sweep": "experiments",
    "run_rank_comparison": "experiments",
}
__all__ = [
    "LoRALinear",
    "MatchingTask",
    "RankExperiment",
    "adapt",
    "adapter_state",
    "choose_rank",
    "count_trainable",
    "estimate_lora_params",
    "estimate_model_memory",
    "estimate_training_memory",
    "evaluate",
    "fit",
    "merge",
    "print_memory_table",
    "progress",
    "rank_sweep",
    "run_rank_comparison",
]


__getattr__ = loader(__name__, _HOME)
one_thread()


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
