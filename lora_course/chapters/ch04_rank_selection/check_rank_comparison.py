"""Chapter 4, question (c): what the learner's runs claim. Rows, counts, alphas and times."""

from __future__ import annotations

import math
import random
from typing import Any

from lora_course.checks.answer import Answer, advised
from lora_course.checks.plain import show
from lora_course.checks.question import WrongAnswerError, call_text

FUNCTION = "run_rank_comparison"
DIM, RANKS = 16, [1, 4]
SMALL_DIM, LAYERS = 8, 2
FIELDS = (
    "rank",
    "alpha",
    "trainable_params",
    "accuracy",
    "training_time_seconds",
    "seed",
    "adapter",
)

Run = dict[str, Any]
"""A RankExperiment as plain data. A dict with the same keys is as good."""


def read_runs(answer: Answer, draws: random.Random) -> tuple[str, list[int], list[Run]]:
    """Call the answer with two fresh seeds; its experiments, checked for shape and type."""
    seeds = draws.sample(range(100, 10_000), 2)
    arguments = [DIM, RANKS, 1, seeds]
    called = call_text(FUNCTION, arguments)
    runs = _called(answer, arguments)
    expected = f"{len(RANKS) * len(seeds)} experiments: each rank with each seed"

    def wrong(message: str, mistake: str) -> WrongAnswerError:
        return WrongAnswerError(message, called, show(runs), expected, mistake)

    if runs is None:
        raise wrong("It returned None: is a `return` missing?", "nothing returned")
    if not _all_dicts(runs):
        raise wrong("Return a list of RankExperiment.", "not a list of experiments")
    for run in runs:
        missing = ", ".join(field for field in FIELDS if field not in run)
        if missing:
            raise wrong(
                f"Return RankExperiment(...), one for each run: here is one without {missing}.",
                "incomplete experiments",
            )
        for key in ("rank", "seed", "trainable_params"):
            if type(run[key]) is not int:
                raise wrong(f"{key}={show(run[key])} is not a whole number.", f"no {key}")
    have = sorted((run["rank"], run["seed"]) for run in runs)
    if have == sorted((rank, seed) for rank in RANKS for seed in seeds):
        return called, seeds, runs
    if sorted(run["rank"] for run in runs) == sorted(RANKS):
        raise wrong(
            "There is one run a rank. One run cannot show its own luck: loop over the seeds as"
            " well.",
            "one seed only",
        )
    if {run["seed"] for run in runs} != set(seeds):
        raise wrong(
            "The runs' seeds are not the ones passed in: use each seed for data, start and"
            " order, and record it as seed=seed.",
            "seeds not used",
        )
    raise wrong(f"The (rank, seed) pairs are {show(have)}.", "pairs missing or repeated")


def _called(answer: Answer, arguments: list[Any]) -> Any:
    """What the answer returns; a model among it gets the advice how to hand over its adapter."""
    advice = "Of a run's model hand over its adapter: adapter_state(model)."
    return advised(answer, arguments, "a model", advice)


def _all_dicts(runs: Any) -> bool:
    return type(runs) is list and all(type(run) is dict for run in runs)


def read_numbers(called: str, runs: list[Run], field: str, what: str, source: str) -> list[float]:
    """The runs' `field`: finite numbers above 0; otherwise WrongAnswerError, naming `source`."""
    values: list[Any] = [run[field] for run in runs]
    shown = f"{field}: {show(values)}"
    expected = f"measured {what}"
    if any(hasattr(value, "numel") for value in values):
        message = "A tensor of one number is no number yet: take its .item()."
        raise WrongAnswerError(message, called, shown, expected, "tensors, not numbers")
    if any(type(value) not in (int, float) for value in values):
        raise WrongAnswerError(f"The {what} are not all numbers.", called, shown, expected)
    if any(type(value) is int and value.bit_length() > 1000 for value in values):
        values = [math.inf]  # more than a float can hold
    if field == "training_time_seconds" and all(map(math.isnan, values)):
        raise WrongAnswerError(
            'Runs that were trained together (mode="stacked") have no time of their own: train'
            ' them one after the other (mode="sequential") to measure it.',
            called,
            shown,
            expected,
            "no time a run",
        )
    if not all(map(math.isfinite, values)):
        raise WrongAnswerError(f"The {what} are not all finite.", called, shown, expected)
    if min(values) <= 0:
        still = f"The {what} are still 0" if max(values) == 0 else f"Not all {what} are above 0"
        raise WrongAnswerError(
            f"{still}: {source}.", called, shown, expected, f"{what} not filled in"
        )
    return values


def check_table(answer: Answer, draws: random.Random) -> None:
    """Every rank with every seed, each with its own parameter count and alpha."""
    called, _, runs = read_runs(answer, draws)
    for run in runs:
        want = 2 * run["rank"] * DIM
        if run["trainable_params"] != want:
            frozen = run["trainable_params"] == want + DIM * DIM
            raise WrongAnswerError(
                "That counts the frozen weights too: count_trainable(model) leaves them out."
                if frozen
                else "Count what training changes: count_trainable(model).",
                called,
                f"trainable_params={show(run['trainable_params'])} at rank {run['rank']}",
                f"{want:,}",
                "frozen weights counted" if frozen else "another count",
            )
        if type(run["alpha"]) not in (int, float) or run["alpha"] != run["rank"]:
            raise WrongAnswerError(
                "The exercise asks for alpha = rank: one rule for the whole sweep, used in adapt"
                " and recorded here.",
                called,
                f"alpha={show(run['alpha'])} at rank {run['rank']}",
                f"alpha={run['rank']}",
                "alpha is not the rank",
            )
    _check_layers(answer, draws.randrange(100))


def _check_layers(answer: Answer, seed: int) -> None:
    """The count of one small run with two layers, each with an adapter of its own."""
    arguments = [SMALL_DIM, [1], LAYERS, [seed]]
    runs = _called(answer, arguments)
    want = LAYERS * 2 * SMALL_DIM
    counts = [run.get("trainable_params") for run in runs] if _all_dicts(runs) else None
    if counts != [want]:
        raise WrongAnswerError(
            "num_layers is how many adapted layers the model has: make the task with it, as the"
            " exercise does, and count with count_trainable(model).",
            call_text(FUNCTION, arguments),
            show(runs) if counts is None else f"trainable_params: {show(counts)}",
            f"one experiment, trainable_params: [{want}]",
            "num_layers not used",
        )


def _seconds_of_a_run(seeds: list[int]) -> float:
    """How long the recipe takes here; what else a call does, such as plots, may take far longer."""
    from lora_course.chapters.ch04_rank_selection.check_rank_comparison_recipe import recipe_for

    recipe, seed = recipe_for(DIM, max(RANKS), tuple(seeds)), seeds[0]
    recipe.train(recipe.rank, seed, seed, seed)
    return recipe.seconds


def check_times(answer: Answer, draws: random.Random) -> None:
    """The times are those that training takes here, and add up to no more than the call."""
    called, seeds, runs = read_runs(answer, draws)
    values = read_numbers(
        called,
        runs,
        "training_time_seconds",
        "times",
        "fit(...) returns a history whose .seconds is the time",
    )
    wall = answer.seconds()
    total = sum(values)
    expected = f"times above 0 that add up to at most {wall:.1f} s, the whole call"
    if total > 1.02 * wall:
        name, message = "not in seconds", "Together they exceed the whole call: give seconds."
        if len(set(values)) == len(values) and sorted(values) == values and total < 6 * wall:
            name, message = (
                "clock never restarted",
                "Each time includes the runs before it: start the clock anew for every run.",
            )
        raise WrongAnswerError(message, called, show(values), expected, name)
    usual = _seconds_of_a_run(seeds)
    # Of runs cut to a few steps the times are short and real; of no training at all they are not.
    if min(values) < (0.2 if total < 0.1 * wall else 0.01) * usual:
        raise WrongAnswerError(
            "The shortest is a small part of what this training takes here: start the clock right"
            " before fit and read it right after.",
            called,
            show(values),
            f"about {usual:.1g} s a run",
            "clock beside the training",
        )
