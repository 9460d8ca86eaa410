"""Explorers of what a rank costs and of what it reaches: move a slider, see the numbers change."""

from __future__ import annotations

from lora_course.core.results import summarize
from lora_course.core.sweep import rank_sweep
from lora_course.display.explorer import Explorer, chooser
from lora_course.display.plots import Picture, rank_curve
from lora_course.memory.explorer import rank_explorer
from lora_course.tasks.matching import MatchingTask

__all__ = ["planted_rank_explorer", "rank_explorer"]


def planted_rank_explorer(true_ranks: tuple[int, ...] = (2, 4, 8, 16)) -> Explorer:
    """A slider for the matching task's true rank: the measured curve against its ceiling.

    Measuring takes seconds, so it runs when the slider is released, and each rank only once.
    """
    middle = true_ranks[len(true_ranks) // 3]
    controls = {"true_rank": chooser("true rank of D", true_ranks, middle, on_release=True)}

    def show(true_rank: int) -> str:
        return _planted_curve(MatchingTask(true_rank=true_rank)).to_html()

    return Explorer(controls, show, busy="Training: a few seconds …")


def _planted_curve(task: MatchingTask) -> Picture:
    """Two seeds at every rank, trained together, against theory."""
    ranks = (1, 2, 4, 8, 16, 32)
    runs = rank_sweep(task, ranks, seeds=(0, 1), mode="stacked", progress=False)
    ceiling = dict(zip(ranks, task.ceilings(ranks), strict=True))
    return rank_curve({f"true rank {task.true_rank}, measured": summarize(runs)}, ceiling)
