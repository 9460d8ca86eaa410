"""Rank experiments: one training per rank and seed, one after the other or all at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lora_course.arguments import one_of, positive, rank_list, whole
from lora_course.core.layers import adapt, adapter_state, count_trainable, load_adapter
from lora_course.core.results import RankExperiment, means
from lora_course.core.stacked import AdapterConfig, adapt_stacked, unstack
from lora_course.core.training import batch_order, evaluate, fit, fit_batches
from lora_course.display.progress_bar import track
from lora_course.tasks import Examples, Task
from lora_course.tasks.matching import comparison_task

SEEDS = (0, 1, 2)  # where nobody names others

AlphaRule = str | float | Callable[[int], float]
"""How alpha follows the rank: "rank", "2*rank", "sqrt(rank)", one fixed number, or a function."""

ALPHA_RULES: dict[str, Callable[[int], float]] = {
    "rank": lambda rank: rank,
    "2*rank": lambda rank: 2 * rank,
    # Divided by the rank this is a scaling of 1/sqrt(r): rsLoRA's, with a fixed alpha of 1.
    "sqrt(rank)": math.sqrt,
}


@dataclass(frozen=True)
class Recipe:
    """How every run of a sweep is trained (see `training.fit`)."""

    steps: int
    batch_size: int
    learning_rate: float
    schedule: str


def resolve_alpha(rule: AlphaRule, rank: int) -> float:
    """The alpha that `rule` gives at `rank`."""
    if isinstance(rule, str):
        return ALPHA_RULES[one_of("alpha", rule, ALPHA_RULES)](rank)
    return positive("alpha", rule(rank) if callable(rule) else rule)


def rank_sweep(
    task: Task,
    ranks: Iterable[int] = (4, 8, 16, 32),
    seeds: Iterable[int] = SEEDS,
    *,
    alpha: AlphaRule = "rank",
    mode: str = "sequential",
    steps: int = 600,
    batch_size: int = 64,
    learning_rate: float = 1e-2,
    schedule: str = "linear",
    results: list[RankExperiment] | None = None,
    progress: bool = True,
) -> list[RankExperiment]:
    """Train and test one adapter per rank and seed on `task`; returns one experiment each.

    Seeds are paired: run s sees the same examples in the same order at every rank. "sequential"
    trains one after the other and times each; "stacked" trains all at once, several times
    faster, without a time per run. Both reach the same adapters, up to rounding.

    Pass a list as `results` to keep finished runs when you interrupt a sequential sweep: they
    are appended to it as they come, and runs that it holds already are not repeated.
    """
    wanted = rank_list(ranks)
    seed_list = [whole("seeds", seed, at_least=0) for seed in seeds]
    if not seed_list or len(set(seed_list)) < len(seed_list):
        raise ValueError(f"seeds={seed_list}: give at least one seed, and each only once")
    one_of("mode", mode, ("sequential", "stacked"))
    finished = [] if results is None else results
    have = {(run.rank, run.seed) for run in finished}
    # Seeds outside, ranks inside: a machine that slows down does so for every rank alike.
    configs = [
        AdapterConfig(rank, resolve_alpha(alpha, rank), seed)
        for seed in seed_list
        for rank in wanted
        if (rank, seed) not in have
    ]
    recipe = Recipe(steps, batch_size, learning_rate, schedule)
    if mode == "stacked" and configs:
        finished += _stacked(task, configs, recipe, progress)
    elif configs:
        _warm_up(task)
        test = task.test()
        seed, examples = -1, test
        for config in track(configs, "runs", progress):
            if config.seed != seed:  # ranks of one seed share its examples: drawn once
                seed, examples = config.seed, task.train(config.seed)
            model = adapt(task.model(), config.rank, config.alpha, seed=config.seed)
            finished.append(_one_run(model, config, recipe, examples, test))
    order = {rank: place for place, rank in enumerate(wanted)}
    chosen = [run for run in finished if run.rank in order and run.seed in seed_list]
    return sorted(chosen, key=lambda run: (order[run.rank], seed_list.index(run.seed)))


def run_rank_comparison(
    layer_dim: int,
    ranks: Sequence[int],
    num_layers: int = 1,
    *,
    seeds: Iterable[int] | None = None,
    mode: str = "sequential",
    progress: bool = True,
) -> Sequence[RankExperiment]:
    """Compare `ranks` by training on the matching task of `num_layers` layer_dim² forms.

    Without `seeds`: one experiment a rank, in the order of `ranks`, the mean of three runs with its
    standard error and the runs inside (`RankMean`). With `seeds`: one experiment a run. The task is
    `tasks.matching.comparison_task`; for another, or other settings, `rank_sweep`.
    """
    task = comparison_task(layer_dim, num_layers)
    runs = rank_sweep(task, ranks, SEEDS if seeds is None else seeds, mode=mode, progress=progress)
    return means(runs) if seeds is None else runs


def _one_run(
    model: nn.Module, config: AdapterConfig, recipe: Recipe, examples: Examples, test: Examples
) -> RankExperiment:
    """Train an adapted model under the clock, test it."""
    history = fit(
        model,
        examples,
        steps=recipe.steps,
        batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        schedule=recipe.schedule,
        seed=config.seed,
        progress=False,
    )
    accuracy = evaluate(model, test)
    return _experiment(config, accuracy, history.seconds, adapter_state(model))


def _warm_up(task: Task) -> None:
    """A few steps that nobody times: the first optimizer of a process imports for a second."""
    model = adapt(task.model(), 1)
    fit(model, task.train(0), steps=3, progress=False)


def _stacked(
    task: Task, configs: Sequence[AdapterConfig], recipe: Recipe, progress: bool
) -> list[RankExperiment]:
    """All runs at once: a batch is (C, batch, …), one slice a run."""
    model = _train_stack(task, configs, recipe, progress)
    test = task.test()
    experiments = []
    for run, config in enumerate(configs):
        state = unstack(model, run)
        alone = adapt(task.model(), config.rank, config.alpha, seed=config.seed)
        load_adapter(alone, state)
        experiments.append(_experiment(config, evaluate(alone, test), math.nan, state))
        assert experiments[-1].trainable_params == count_trainable(alone)
    return experiments


def _train_stack(
    task: Task, configs: Sequence[AdapterConfig], recipe: Recipe, progress: bool
) -> nn.Module:
    """The trained stack. Its training examples, all seeds' at once, are freed on return."""
    model = adapt_stacked(task.model(), configs)
    seeds = sorted({config.seed for config in configs})
    data = [task.train(seed) for seed in seeds]
    orders = [
        batch_order(len(examples), recipe.batch_size, recipe.steps, seed)
        for seed, examples in zip(seeds, data, strict=True)
    ]
    which = torch.tensor([seeds.index(config.seed) for config in configs])

    def batch_at(step: int) -> Examples:
        parts = [examples.take(order[step]) for examples, order in zip(data, orders, strict=True)]
        inputs = zip(*(part.inputs for part in parts), strict=True)
        labels = torch.stack([part.labels for part in parts])
        return Examples(tuple(torch.stack(column)[which] for column in inputs), labels[which])

    fit_batches(
        model,
        batch_at,
        steps=recipe.steps,
        learning_rate=recipe.learning_rate,
        schedule=recipe.schedule,
        progress=progress,
    )
    return model


def _experiment(
    config: AdapterConfig, accuracy: float, seconds: float, state: dict[str, Tensor]
) -> RankExperiment:
    params = sum(tensor.numel() for tensor in state.values())
    return RankExperiment(
        rank=config.rank,
        alpha=config.alpha,
        trainable_params=params,
        accuracy=accuracy,
        training_time_seconds=seconds,
        seed=config.seed,
        adapter=state,
    )
