"""Chapter 4, question (c): are the learner's runs real? The adapters handed over are the proof."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import Any

from lora_course.checks.face import Face
from lora_course.checks.plain import show
from lora_course.checks.question import WrongAnswerError, call_text

FUNCTION = "run_rank_comparison"
DIM, RANKS = 16, [1, 4]
MATCH = 0.02  # two test sets of 20,000 differ by less, five standard errors


def _run(face: Face, draws: random.Random) -> tuple[str, list[int], list[dict[str, Any]]]:
    """Call the answer with two fresh seeds; its experiments, checked for shape and type."""
    seeds = draws.sample(range(100, 10_000), 2)
    arguments = [DIM, RANKS, 1, seeds]
    called = call_text(FUNCTION, arguments)
    runs = face.call(*arguments)

    def wrong(message: str, mistake: str = "", expected: str = "") -> WrongAnswerError:
        return WrongAnswerError(message, called, show(runs), expected, mistake)

    expected = f"{len(RANKS) * len(seeds)} experiments: each rank with each seed"
    if runs is None:
        raise wrong("It returned None: is a `return` missing?", "nothing returned", expected)
    if type(runs) is not list or not all(type(run) is dict for run in runs):
        raise wrong("Return a list of RankExperiment.", "not a list of experiments", expected)
    for run in runs:
        for key in ("rank", "seed", "trainable_params"):
            if type(run.get(key)) is not int:
                message = f"{key}={show(run.get(key))} is not a whole number."
                raise wrong(message, f"no {key}", expected)
    have = sorted((run["rank"], run["seed"]) for run in runs)
    want = sorted((rank, seed) for rank in RANKS for seed in seeds)
    if have != want:
        if sorted(run["rank"] for run in runs) == sorted(RANKS):
            raise wrong(
                "There is one run a rank. One run cannot show its own luck: loop over the seeds"
                " as well.",
                "one seed only",
                expected,
            )
        if {run["seed"] for run in runs} != set(seeds):
            raise wrong(
                "The runs' seeds are not the ones passed in: use each seed for data, start and"
                " order, and record it as seed=seed.",
                "seeds not used",
                expected,
            )
        raise wrong(f"The (rank, seed) pairs are {have}.", "pairs missing or repeated", expected)
    return called, seeds, runs


def check_table(face: Face, draws: random.Random) -> None:
    """Every rank with every seed, each with its own parameter count and alpha."""
    called, _, runs = _run(face, draws)
    for run in runs:
        want = 2 * run["rank"] * DIM
        if run["trainable_params"] != want:
            frozen = run["trainable_params"] == want + DIM * DIM
            raise WrongAnswerError(
                "That counts the frozen weights too: count_trainable(model) leaves them out."
                if frozen
                else "Count what training changes: count_trainable(model).",
                called,
                f"trainable_params={run['trainable_params']:,} at rank {run['rank']}",
                f"{want:,}",
                "frozen weights counted" if frozen else "another count",
            )
        if run["alpha"] != run["rank"]:
            raise WrongAnswerError(
                "Keep alpha = rank (scaling 1), or the runs differ in step size as well as rank.",
                called,
                f"alpha={show(run['alpha'])} at rank {run['rank']}",
                f"alpha={run['rank']}",
                "alpha fixed while the rank varies",
            )


def check_accuracies(face: Face, draws: random.Random) -> None:
    """The accuracy claimed for each adapter is what that adapter reaches on fresh pairs."""
    called, _, runs = _run(face, draws)
    values: list[Any] = [run.get("accuracy") for run in runs]
    if any(type(value) not in (int, float) or not math.isfinite(value) for value in values):
        raise WrongAnswerError("Accuracies are numbers from 0 to 1.", called, show(values))
    if all(value == 0 for value in values):
        raise WrongAnswerError(
            "The accuracies are still 0.0: evaluate each model after training it.",
            called,
            show(values),
            "measured accuracies",
            "accuracy not filled in",
        )
    if any(value > 1 for value in values):
        raise WrongAnswerError(
            "Above 1: give the share of right answers, not a percentage or a count.",
            called,
            show(values),
            "numbers from 0 to 1",
            "percentages",
        )
    for run in runs:
        _verify(called, run)
    _different_runs(called, runs)


def _verify(called: str, run: dict[str, Any]) -> None:
    """Evaluate the adapter that was handed over, and compare with the accuracy claimed."""
    from lora_course.layers import adapt, load_adapter
    from lora_course.tasks.matching import comparison_task
    from lora_course.training import evaluate

    task = comparison_task(DIM)
    fresh = replace(task, test_stream="fresh").test()
    model = task.model()
    untouched = evaluate(model, fresh)
    where = f"rank {run['rank']}, seed {run['seed']}"
    adapter = run.get("adapter")
    if adapter is None:
        raise WrongAnswerError(
            "No adapter was handed over, so the accuracy cannot be confirmed: pass"
            " adapter=adapter_state(model).",
            called,
            f"adapter=None at {where}",
            "the trained weights",
            "no adapter",
        )
    adapt(model, run["rank"])
    try:
        load_adapter(model, adapter)
    except (ValueError, AttributeError, TypeError, RuntimeError) as error:
        raise WrongAnswerError(
            f"The adapter does not fit the model: {error}", called, mistake="another adapter"
        ) from error
    reached = evaluate(model, fresh)
    claimed = run["accuracy"]
    if reached - claimed <= MATCH and claimed - reached <= MATCH:
        if abs(reached - untouched) > MATCH:
            return
        raise WrongAnswerError(
            "The adapter does nothing: it scores like the untouched base. Was it trained?",
            called,
            f"accuracy={claimed:.4f} at {where}",
            f"clearly above the base's {untouched:.4f}",
            "adapter not trained",
        )
    on_training = evaluate(model, task.train(run["seed"]))
    got, expected = f"accuracy={claimed:.4f} at {where}", f"{reached:.4f}, on fresh pairs"
    if abs(claimed - untouched) <= MATCH:
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
    raise WrongAnswerError(message, called, got, expected, name)


def _different_runs(called: str, runs: list[dict[str, Any]]) -> None:
    """Runs with different seeds end in different adapters."""
    import torch

    for rank in RANKS:
        first, second = (run["adapter"] for run in runs if run["rank"] == rank)
        if all(torch.equal(first[name], second[name]) for name in first):
            raise WrongAnswerError(
                "Both seeds ended in the very same adapter: pass seed=seed to adapt, to"
                " task.train and to fit.",
                called,
                f"equal adapters at rank {rank}",
                "a different run for each seed",
                "same run for every seed",
            )


def check_times(face: Face, draws: random.Random) -> None:
    """The times are positive, not made up, and add up to most of the call but no more."""
    called, _, runs = _run(face, draws)
    wall = face.seconds()
    values: list[Any] = [run.get("training_time_seconds") for run in runs]
    if any(type(value) not in (int, float) or not math.isfinite(value) for value in values):
        raise WrongAnswerError("Times are finite numbers of seconds.", called, show(values))
    if all(value == 0 for value in values):
        raise WrongAnswerError(
            "The times are still 0.0: fit(...) returns a history with .seconds.",
            called,
            show(values),
            "measured times",
            "time not filled in",
        )
    total = sum(values)
    expected = f"times above 0 that add up to at most {wall:.1f} s, the whole call"
    if any(value <= 0 for value in values):
        raise WrongAnswerError(
            "A time is negative or 0.", called, show(values), expected, "time not filled in"
        )
    if total > 1.02 * wall:
        name, message = "not in seconds", "Together they exceed the whole call: give seconds."
        if len(set(values)) == len(values) and sorted(values) == values and total < 6 * wall:
            name, message = (
                "clock never restarted",
                "Each time includes the runs before it: start the clock anew for every run.",
            )
        raise WrongAnswerError(message, called, show(values), expected, name)
    if total < 0.1 * wall:
        raise WrongAnswerError(
            "Together they are a small part of the call: start the clock right before fit and"
            " read it right after.",
            called,
            show(values),
            f"times that add up to most of {wall:.1f} s",
            "clock beside the training",
        )
