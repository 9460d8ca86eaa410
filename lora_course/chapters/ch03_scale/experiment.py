"""What alpha, the learning rate and the start do together: paths, first steps, best rates."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lora_course.arguments import one_of, positive
from lora_course.core.layers import init_adapter
from lora_course.core.planted import OPTIMIZERS, PlantedLayer
from lora_course.core.rates import edge
from lora_course.core.sweep import AlphaRule, rank_sweep, resolve_alpha
from lora_course.display.progress_bar import track
from lora_course.tasks import Task

PATH_WIDTH, PATH_RANK, PATH_STEPS, PATH_ALPHA = 32, 4, 60, 4.0
PATH_RATES = {"SGD": 1.0, "Adam": 0.02}
"""A learning rate that suits each optimizer on the paths' layer."""

SAME = {"SGD": 1e-12, "Adam": 1e-5}
"""Up to which difference of the loss a path counts as the same: Adam's eps tells scales apart."""

STEP_WIDTH = 256
STEP_RATE = 1e-6  # so small that the loss falls along its slope

RULES: dict[str, AlphaRule] = {
    "alpha = 16": 16.0,
    "alpha = r": "rank",
    "alpha = 2r": "2*rank",
    # Divided by r this is a scale of 1/√r: rsLoRA's, with an alpha of 1.
    "alpha = √r (rsLoRA)": "sqrt(rank)",
}
"""How alpha follows the rank r; the scale is alpha / r under each."""

ByRate = dict[float, list[float]]
"""Learning rate -> the accuracy of each seed's run."""


def trace(
    optimizer: str,
    alpha: float = 1.0,
    learning_rate: float = 1.0,
    spread: float = 1.0,
    seed: int = 0,
) -> Tensor:
    """Loss at each of 60 steps (fp64) of a 32×32 layer at rank 4, from B = 0.

    All three are factors: of alpha = 4, of the optimizer's rate (`PATH_RATES`), of A's start.
    """
    old_rate = PATH_RATES[one_of("optimizer", optimizer, OPTIMIZERS)]
    task = PlantedLayer(PATH_WIDTH, PATH_RANK, seed, torch.float64)
    layer = task.adapted(PATH_RANK, positive("alpha", alpha) * PATH_ALPHA)
    with torch.no_grad():
        layer.lora_A.copy_(spread * init_adapter(layer.base, PATH_RANK, seed)[0])
    rate = positive("learning_rate", learning_rate) * old_rate
    return task.train(layer, optimizer, rate, PATH_STEPS)[0]


def max_path_difference(
    optimizer: str, alpha: float = 1.0, learning_rate: float = 1.0, spread: float = 1.0
) -> float:
    """The largest distance of such a path from the old one, over all steps."""
    new = trace(optimizer, alpha, learning_rate, spread)
    return (new - trace(optimizer)).abs().max().item()


def try_settings(same_path: Callable[[str, float, float, float, float], object]) -> str:
    """In words, what a learner's settings for four times the alpha do to both optimizers' paths."""
    lines = []
    for optimizer, limit in SAME.items():
        new = same_path(optimizer, 1.0, 1.0, 1.0, 4.0)
        if not isinstance(new, dict) or set(new) != {"learning_rate", "spread"}:
            return "No settings to train with yet: answer question (a), then run this cell again."
        off = max_path_difference(optimizer, 4, new["learning_rate"], new["spread"])
        found = "the same path" if off < limit else f"another path, off by up to {off:.2g}"
        lines.append(f"{optimizer}, four times the alpha and your settings: {found}.")
    return "\n".join(lines)


@dataclass(frozen=True)
class FirstStep:
    """‖ΔW‖ (Frobenius) after one step, and by how much the loss has fallen."""

    size: float
    fall: float


def first_step(rank: int, alpha: AlphaRule, optimizer: str = "Adam", seed: int = 0) -> FirstStep:
    """One step of a 256×256 layer that learns a change of full rank, in fp64.

    Base, data and the first rows of A are the same for every rank and rule. At B = 0 Adam moves
    each entry of B by the learning rate, whatever its gradient G Aᵀ: so ‖ΔW‖ = s·lr·‖sign(G Aᵀ) A‖
    grows as s·√r, and the loss falls by s·lr·Σ|G Aᵀ|, as s·r. With SGD it falls as s²·r.
    """
    task = PlantedLayer(STEP_WIDTH, STEP_WIDTH, seed, torch.float64)
    layer = task.adapted(rank, resolve_alpha(alpha, rank))
    with torch.no_grad():
        layer.lora_A.copy_(init_adapter(layer.base, rank, seed)[0])
        before = task.loss(layer).item()
    task.train(layer, optimizer, STEP_RATE, steps=1)
    with torch.no_grad():
        fall = before - task.loss(layer).item()
        return FirstStep(layer.delta().norm().item(), fall)


def growth(steps: Mapping[int, FirstStep]) -> FirstStep:
    """How many times as large size and fall are at the last rank as at the first."""
    first, *_, last = steps.values()
    if not min(first.size, first.fall) > 0:
        return FirstStep(math.nan, math.nan)
    return FirstStep(last.size / first.size, last.fall / first.fall)


def by_rate(
    task: Task,
    ranks: Sequence[int],
    rates: Iterable[float],
    rule: AlphaRule,
    seeds: Iterable[int] = range(3),
    progress: bool = True,
) -> dict[int, ByRate]:
    """Rank -> learning rate -> held-out accuracies, one a seed, in the order of `seeds`.

    Seeds are paired: seed s sees the same examples in the same order at every rank and rate.
    """
    table: dict[int, ByRate] = {rank: {} for rank in ranks}
    seeds = list(seeds)
    for rate in track(list(rates), "learning rates", progress, delay=1):
        for run in rank_sweep(
            task, ranks, seeds, alpha=rule, mode="stacked", learning_rate=rate, progress=False
        ):
            table[run.rank].setdefault(rate, []).append(run.accuracy)
    return table


def best_rate(rows: Mapping[float, Sequence[float]]) -> float:
    """The learning rate at the top of a parabola, between the rates tried.

    The parabola goes through the best mean accuracy and its neighbours, over log(rate); the rates
    are a constant factor apart. ValueError where the best is the smallest or largest rate tried.
    """
    rates = sorted(rows)
    means = [statistics.fmean(rows[rate]) for rate in rates]
    best = means.index(max(means))
    if edge(rates[best], rates):
        raise ValueError(f"rows: {rates[best]:g}, an edge of the rates tried, does best; add rates")
    below, top, above = means[best - 1 : best + 2]
    share = (above - below) / (2 * (2 * top - below - above))  # of a step, -1/2 to 1/2
    return float(rates[best] * (rates[best + 1] / rates[best]) ** share)


def best_rates(rows: Mapping[float, Sequence[float]]) -> list[float]:
    """`best_rate` of each seed alone."""
    by_seed = zip(*rows.values(), strict=True)
    return [
        best_rate({rate: [one] for rate, one in zip(rows, of_seed, strict=True)})
        for of_seed in by_seed
    ]


def fall_of_best_rate(table: Mapping[int, ByRate]) -> float:
    """How many times as high the first rank's best rate is as the last's."""
    first, *_, last = map(best_rate, table.values())
    return first / last


def lead(table: Mapping[int, ByRate], rate: float | None = None) -> float:
    """By how much the last rank's mean accuracy exceeds the first's: at `rate`, or each's best."""
    means = [
        max(map(statistics.fmean, rows.values())) if rate is None else statistics.fmean(rows[rate])
        for rows in table.values()
    ]
    return means[-1] - means[0]
