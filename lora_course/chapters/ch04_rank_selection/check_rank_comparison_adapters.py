"""Chapter 4, question (c): are the learner's runs real? The adapters handed over are the proof.

One rank is trained again by the recipe of the exercise, with both seeds: a model that is trained
on from seed to seed differs from the recipe in the second run only.
"""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lora_course.chapters.ch04_rank_selection.check_rank_comparison import (
    DIM,
    RANKS,
    Run,
    read_numbers,
    read_runs,
)
from lora_course.chapters.ch04_rank_selection.check_rank_comparison_recipe import (
    AGREE,
    distance,
    effect,
    explain,
    recipe_for,
)
from lora_course.checks.answer import Answer
from lora_course.checks.plain import show
from lora_course.checks.question import WrongAnswerError

if TYPE_CHECKING:
    from torch import nn

    from lora_course.tasks import Examples

MATCH = 0.02  # two test sets of 20,000 differ by less, five standard errors


def check_adapters(answer: Answer, draws: random.Random) -> None:
    """Each adapter is what the recipe trains, and reaches the accuracy claimed for it."""
    called, seeds, runs = read_runs(answer, draws)
    source = "after training, evaluate(model, task.test()) is the accuracy"
    values = read_numbers(called, runs, "accuracy", "accuracies", source)
    if max(values) > 1:
        raise WrongAnswerError(
            "Above 1: give the share of right answers, not a percentage or a count.",
            called,
            show(values),
            "numbers from 0 to 1",
            "percentages",
        )
    trial = Trial(called, seeds)
    models = {(run["rank"], run["seed"]): trial.loaded(run) for run in runs}
    trial.trained_at_all(models)
    trial.by_recipe(runs, models)
    for run in runs:
        trial.reaches(run, models[run["rank"], run["seed"]])


class Trial:
    """One check of the adapters: the task, the fresh pairs and the retrained runs they share."""

    def __init__(self, called: str, seeds: list[int]) -> None:
        self.called, self.seeds = called, seeds
        self.recipe = recipe_for(DIM, max(RANKS), tuple(seeds))
        self.task = self.recipe.task

    @cached_property
    def fresh(self) -> Examples:
        """Pairs that no learner has seen."""
        return replace(self.task, test_stream="fresh").test()

    @cached_property
    def untouched(self) -> float:
        """The accuracy of the base model on the fresh pairs."""
        from lora_course.core.training import evaluate

        return evaluate(self.task.model(), self.fresh)

    def wrong(self, message: str, got: str, expected: str, mistake: str) -> WrongAnswerError:
        """The error to raise for the learner's call."""
        return WrongAnswerError(message, self.called, got, expected, mistake)

    def loaded(self, run: Run) -> nn.Module:
        """A fresh model with the run's adapter, scaled by the alpha that the run records."""
        from lora_course.core.layers import adapt, load_adapter

        adapter = run["adapter"]
        where, expected = place(run), "adapter=adapter_state(model)"
        if adapter is None:
            raise self.wrong(
                "No adapter was handed over, so the accuracy cannot be confirmed: pass"
                " adapter=adapter_state(model).",
                f"adapter=None at {where}",
                expected,
                "no adapter",
            )
        model = adapt(self.task.model(), run["rank"], used_alpha(run))
        try:
            load_adapter(model, adapter)
        except (ValueError, AttributeError, TypeError, RuntimeError) as error:
            raise self.wrong(
                "The adapter does not fit the model: pass adapter_state(model), the weights of A"
                f" and B alone. {error}",
                f"adapter={_contents(adapter)} at {where}",
                expected,
                "another adapter",
            ) from error
        return model

    def trained_at_all(self, models: dict[tuple[int, int], nn.Module]) -> None:
        """No adapter is still silent, and runs with different seeds end in different ones."""
        effects = {place: effect(model) for place, model in models.items()}
        for (rank, seed), change in effects.items():
            if not change.any():
                raise self.wrong(
                    "B is still 0, so the adapter does nothing: hand it over after fit.",
                    f"B·A = 0 at rank {rank}, seed {seed}",
                    "a trained adapter",
                    "adapter not trained",
                )
        for rank in RANKS:
            first, second = (effects[rank, seed] for seed in self.seeds)
            if first.equal(second):
                raise self.wrong(
                    "Both seeds ended in the very same adapter: make a fresh model for each, and"
                    " pass seed=seed to adapt, seed to task.train and seed=seed to fit.",
                    f"equal adapters at rank {rank}",
                    "a different run for each seed",
                    "same run for every seed",
                )

    def by_recipe(self, runs: list[Run], models: dict[tuple[int, int], nn.Module]) -> None:
        """The largest rank's adapters are those that the recipe trains; else name the reason."""
        recipe, rank = self.recipe, self.recipe.rank
        alphas = {run["seed"]: used_alpha(run) for run in runs if run["rank"] == rank}
        handed = {seed: effect(models[rank, seed]) for seed in self.seeds}
        off = {}
        for seed in self.seeds:
            right = recipe.train(alphas[seed], seed, seed, seed)
            away = distance(handed[seed], right)
            if not away <= AGREE:  # NaN is off as well
                off[seed] = away
        if not off:
            return
        seed = next(iter(off))
        name, message = explain(recipe, self.seeds, alphas, {s: handed[s] for s in off})
        alpha = f"{alphas[seed]:g}"
        raise self.wrong(
            message,
            f"at rank {rank}, seed {seed}: B·A is {off[seed]:.0%} away from the recipe's",
            f"adapt(task.model(), {rank}, alpha={alpha}, seed={seed}), then"
            f" fit(model, task.train({seed}), seed={seed})",
            name,
        )

    def reaches(self, run: Run, model: nn.Module) -> None:
        """The accuracy claimed for an adapter is what it reaches on fresh pairs."""
        from lora_course.core.training import evaluate

        claimed, reached = run["accuracy"], evaluate(model, self.fresh)
        on_training = evaluate(model, self.task.train(run["seed"]))
        close = abs(claimed - reached) <= MATCH
        # To the last digit the training pairs', and not the test pairs': no coincidence.
        if close and not (
            abs(claimed - on_training) < 1e-9
            and abs(claimed - evaluate(model, self.task.test())) > 1e-9
        ):
            return
        if not close and abs(claimed - self.untouched) <= MATCH:
            name, message = (
                "evaluated before training",
                "That is the untouched base's accuracy: evaluate after fit.",
            )
        elif abs(claimed - on_training) <= MATCH:
            name, message = (
                "evaluated on training pairs",
                "That is the accuracy on the examples it trained on: use task.test().",
            )
        else:
            name, message = (
                "accuracy does not match the adapter",
                "The adapter handed over does not reach the accuracy claimed for it.",
            )
        got, expected = f"accuracy={claimed:.4f} at {place(run)}", f"{reached:.4f}, on fresh pairs"
        raise self.wrong(message, got, expected, name)


def used_alpha(run: Run) -> float:
    """The alpha that the run records; its rank where that is no sensible number."""
    alpha = run["alpha"]
    sensible = type(alpha) in (int, float) and 1e-3 <= alpha <= 1e4
    return float(alpha if sensible else run["rank"])


def place(run: Run) -> str:
    """Which run it is, in words."""
    return f"rank {run['rank']}, seed {run['seed']}"


def _contents(adapter: Any) -> str:
    """What was handed over as an adapter: the names of a dict's entries, or the value."""
    return show(list(adapter)) if type(adapter) is dict else show(adapter)
