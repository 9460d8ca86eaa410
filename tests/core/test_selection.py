import random

import pytest

from lora_course.core.results import RankExperiment
from lora_course.core.selection import choose_from, choose_rank, p_value_of_ranks


def runs(table):
    return [
        RankExperiment(rank, rank, rank, accuracy, 1.0, seed)
        for rank, row in table.items()
        for seed, accuracy in enumerate(row)
    ]


def test_the_smallest_within_one_standard_error_of_the_best():
    # Differences 8 - 4: .02 .01 .03: far. 16 - 8: .002 -.001 .001: mean .00067, error .00088.
    choice = choose_rank(
        runs({4: [0.70, 0.75, 0.68], 8: [0.72, 0.76, 0.71], 16: [0.722, 0.759, 0.711]})
    )
    assert (choice.rank, choice.best_rank, choice.decided) == (8, 16, True)
    eight = choice.comparisons[1]
    assert eight.difference == pytest.approx(0.000667, abs=1e-6)
    assert eight.standard_error == pytest.approx(0.000882, abs=1e-6)
    assert "0.0007 ahead of rank 8 over 3 paired seeds" in str(choice)


def test_shared_luck_of_a_seed_cancels():
    choice = choose_rank(runs({4: [0.60, 0.80, 0.70], 8: [0.61, 0.81, 0.711]}))
    assert choice.rank == 8 and choice.comparisons[0].standard_error < 0.001


def test_order_of_the_runs_does_not_matter():
    table = {4: [0.70, 0.75, 0.68], 8: [0.72, 0.76, 0.71], 16: [0.69, 0.7, 0.7]}
    shuffled = runs(table)
    random.Random(0).shuffle(shuffled)
    assert choose_rank(shuffled) == choose_rank(runs(table))


@pytest.mark.parametrize(
    ("table", "rank", "words"),
    [
        ({4: [0.7], 8: [0.8]}, 8, "One seed"),
        ({4: [0.7, 0.8, 0.6], 8: [0.71, 0.79, 0.62]}, 4, "cannot tell"),
        ({4: [0.7, 0.7, 0.71], 8: [0.8, 0.81, 0.8]}, 8, "largest tried"),
        ({4: [0.7, 0.7, 0.71]}, 4, "Only one rank"),
    ],
)
def test_it_says_when_it_cannot_tell(table, rank, words):
    choice = choose_rank(runs(table))
    assert not choice.decided and choice.rank == rank and words in str(choice)
    assert str(choice).startswith("Cannot tell")


@pytest.mark.parametrize(
    ("experiments", "words"),
    [
        ([], "empty"),
        (runs({4: [0.7, 0.8], 8: [0.7]}), "same seeds"),
        (runs({4: [0.7]}) + runs({4: [0.8]}), "two runs of seed 0"),
        (runs({4: [float("nan")]}), "accuracy nan"),
    ],
)
def test_what_it_refuses(experiments, words):
    with pytest.raises(ValueError, match=words):
        choose_rank(experiments)


TABLE = {4: [0.70, 0.75, 0.68], 8: [0.72, 0.76, 0.71], 16: [0.722, 0.759, 0.711]}


def test_any_metric_by_the_same_rule():
    higher = choose_from(TABLE)
    assert higher == choose_rank(runs(TABLE))
    lower = choose_from(
        {rank: [1 - value for value in row] for rank, row in TABLE.items()},
        metric="loss",
        higher_is_better=False,
    )
    assert (lower.rank, lower.best_rank, lower.decided) == (8, 16, True)
    for a, b in zip(lower.comparisons, higher.comparisons, strict=True):
        assert a.difference == pytest.approx(b.difference) and a.score == pytest.approx(1 - b.score)
        assert a.standard_error == pytest.approx(b.standard_error)


def test_the_words_name_the_metric_and_its_direction():
    table = {4: [1.3, 1.31, 1.3], 8: [1.2, 1.2, 1.21]}
    choice = choose_from(table, metric="loss", higher_is_better=False)
    assert choice.rank == 8 and "loss may still be falling" in str(choice)
    assert "best mean loss" in str(choice) and "accuracy" not in str(choice)
    assert choose_from(table, metric="f1").rank == 4


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({}, "empty"),
        ({4: []}, "empty"),
        ({4: [1.0, 2.0], 8: [1.0]}, "same seeds"),
        ({4: [float("inf")]}, "no finite number"),
    ],
)
def test_tables_it_refuses(table, words):
    with pytest.raises(ValueError, match=words):
        choose_from(table)


def test_order_of_the_ranks_does_not_matter():
    assert choose_from(dict(reversed(TABLE.items()))) == choose_from(TABLE)


def test_the_share_by_luck_is_the_p_value_of_the_f_test():
    # Differences of standard deviation 1: t = 2.776 on 4 degrees of freedom, 5% in every table.
    gaps = [2.776 / 5**0.5 + gap for gap in (-1, -1, 0, 1, 1)]
    assert p_value_of_ranks({4: [0.0] * 5, 8: gaps}) == pytest.approx(0.05, abs=0.015)
    assert p_value_of_ranks({4: [0.0, 1.0, 2.0], 8: [0.1, 0.9, 2.1]}) > 0.5
    assert p_value_of_ranks({4: [0.0, 1.0, 2.0], 8: [1.0, 2.01, 3.0]}) < 0.01
    assert p_value_of_ranks({4: [0.0, 0.0, 0.001], 8: [10.0, 10.0, 10.0]}) == 1 / 2001
    assert p_value_of_ranks({4: [1.0, 2.0], 8: [1.0, 2.0]}) == 1
    assert p_value_of_ranks({4: [1.0], 8: [2.0]}) == p_value_of_ranks({4: [1.0, 2.0]}) == 1


def test_luck_alone_seldom_has_a_small_share():
    draws = random.Random(5)
    tables = [{r: [draws.gauss(0, 1) for _ in range(3)] for r in range(4)} for _ in range(300)]
    small = sum(p_value_of_ranks(table) <= 0.1 for table in tables) / 300
    assert small == pytest.approx(0.1, abs=0.05)
