"""Chapter 4's questions, beyond their tables: luck, partial credit, rounding."""

import random
import time

import pytest
import torch

from lora_course.chapters.ch04_rank_selection import questions as ch04
from lora_course.chapters.ch04_rank_selection.check_choice import (
    RANKS,
    right_choice,
    telling_tables,
)
from lora_course.chapters.ch04_rank_selection.check_rank_comparison_recipe import (
    AGREE,
    ExerciseRecipe,
    distance,
    effect,
)
from lora_course.checks.answer import LocalAnswer
from lora_course.checks.plain import show
from lora_course.checks.result import Outcome
from lora_course.core.layers import adapt
from lora_course.core.results import RankExperiment
from lora_course.core.selection import choose_rank
from lora_course.core.training import fit
from lora_course.tasks.matching import comparison_task
from tests.chapters.ch04_rank_selection.answers import CHOICE, choose
from tests.chapters.ch04_rank_selection.answers_sweep import SWEEP
from tests.chapters.fixture import answer_of


def test_thirteen_points_in_five_questions():
    assert [q.max_points for q in ch04.QUESTIONS] == [2, 2, 3, 3, 3]


def test_partial_credit_comes_by_part():
    square_only = answer_of(
        "def answer(layer_dim, rank, num_layers=32):\n"
        "    d = layer_dim if isinstance(layer_dim, int) else layer_dim[0]\n"
        "    return 2 * rank * d * num_layers\n"
    )
    result = ch04.lora_params.check(square_only)
    assert (result.points, result.max_points) == (1, 2)
    assert result.findings[0].outcome is Outcome.CORRECT


@pytest.mark.parametrize(
    "seeds", [range(3), pytest.param(range(3, 30), marks=pytest.mark.long)], ids=len
)
@pytest.mark.parametrize("fixture", CHOICE, ids=lambda fixture: fixture.label)
def test_no_wrong_rule_passes_by_luck_and_no_right_one_fails(fixture, seeds):
    answer = answer_of(fixture.code)
    for number in seeds:
        result = ch04.choice.grade(LocalAnswer(answer), random.Random(number))
        assert result.outcome is fixture.outcome, f"draws {number}: {result}"
        assert not fixture.mistake or fixture.mistake in result.mistakes, f"draws {number}"


@pytest.mark.long
@pytest.mark.parametrize("fixture", SWEEP, ids=lambda fixture: fixture.label)
def test_no_wrong_sweep_passes_by_luck_and_no_right_one_fails(fixture):
    answer = answer_of(fixture.code)
    for number in range(6):
        result = ch04.sweep.grade(LocalAnswer(answer, ch04.sweep.probe), random.Random(number))
        assert result.outcome is fixture.outcome, f"draws {number}: {result}"
        assert not fixture.mistake or fixture.mistake in result.mistakes, f"draws {number}"


UNLISTED = {
    "a threshold of 0.003": {"rule": "difference <= 0.003"},
    "a percent of the best": {"rule": "means[place] >= 0.99 * means[best]"},
    "one and a half errors": {"rule": "difference <= 1.5 * error"},
    "Student's t at 95%": {"rule": "difference <= {3: 4.30, 4: 3.18, 5: 2.78}[n] * error"},
    "medians": {"rule": "statistics.median(gaps) <= error"},
    "half the range": {"rule": "difference <= (max(gaps) - min(gaps)) / 2"},
    "a variance": {"error": "statistics.variance(gaps) / n"},
    "any seed": {"rule": "min(gaps) <= 0"},
}


@pytest.mark.parametrize("changes", UNLISTED.values(), ids=UNLISTED)
def test_wrong_rules_that_nobody_listed_fail_too(changes):
    answer = answer_of(choose(**changes))
    for number in range(5):
        result = ch04.choice.grade(LocalAnswer(answer), random.Random(number))
        assert result.findings[0].outcome is Outcome.INCORRECT, f"draws {number}"


def test_choosing_is_checked_in_less_than_a_second():
    answer = answer_of(choose())
    start = time.process_time()
    ch04.choice.check(answer)
    assert time.process_time() - start < 1


def test_runs_with_other_rounding_are_still_the_recipe():
    task, right, start = comparison_task(16), ExerciseRecipe(comparison_task(16), 4), 1 + 1e-6
    model = adapt(task.model(), 4, alpha=4, seed=500)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(start)
    fit(model, task.train(500), seed=500, progress=False)
    assert distance(effect(model), right.train(4, 500, 500, 500)) < AGREE / 20
    assert distance(right.train(4, 0, 500, 500), right.train(4, 500, 500, 500)) > 20 * AGREE


def test_the_question_and_the_library_agree():
    draws = random.Random(1)
    for table in telling_tables(draws):
        by_hand = right_choice(RANKS, table)
        choice = choose_rank(experiments(dict(zip(RANKS, table, strict=True))))
        assert (choice.rank, choice.best_rank) == (by_hand["rank"], by_hand["best_rank"])
        chosen = next(c for c in choice.comparisons if c.rank == choice.rank)
        assert chosen.difference == pytest.approx(by_hand["difference"])
        assert chosen.standard_error == pytest.approx(by_hand["standard_error"])


def experiments(table):
    return [
        RankExperiment(rank, rank, rank, accuracy, 1.0, seed)
        for rank, row in table.items()
        for seed, accuracy in enumerate(row)
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"rank": 1.0},
        {"seed": None},
        {"alpha": "rank"},
        {"alpha": 10**400},
        {"alpha": float("nan")},
        {"accuracy": 10**400},
        {"accuracy": torch.zeros(3)},
        {"accuracy": -0.5},
        {"training_time_seconds": -(10**400)},
        {"training_time_seconds": float("nan")},
        {"trainable_params": 10**6000},
        {"adapter": torch.nn.Linear(2, 2)},
        {"adapter": {"layers.0.lora_A": torch.zeros(1, 16), "layers.0.lora_B": torch.zeros(16, 1)}},
        {
            "adapter": {
                "layers.0.lora_A": torch.full((1, 16), float("nan")),
                "layers.0.lora_B": torch.ones(16, 1),
            }
        },
        {"accuracy": "high"},
        {"accuracy": float("nan")},
        {"training_time_seconds": None},
        {"adapter": [1, 2]},
        {"adapter": {"layers.0.lora_A": 3}},
        {"adapter": {"layers.0.lora_A": torch.zeros(1, 16), "layers.0.lora_B": torch.zeros(2)}},
        {"adapter": {"layers.0.lora_A": torch.zeros(1, 16, device="meta")}},
    ],
    ids=show,
)
def test_forged_experiments_get_no_full_marks_and_crash_nothing(change):
    def answer(dim, ranks, layers, seeds):
        honest = {"alpha": 1, "accuracy": 0.7, "training_time_seconds": 0.1, "adapter": None}
        return [
            honest | {"rank": r, "seed": s, "trainable_params": 2 * r * dim, "alpha": r} | change
            for r in ranks
            for s in seeds
        ]

    result = ch04.rank_comparison.check(answer)
    assert result.points < result.max_points and "The check could not" not in str(result)
