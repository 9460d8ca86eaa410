import random

import pytest

from lora_course.checks.ch04_choice import RANKS, right_choice, telling_tables
from lora_course.results import RankExperiment
from lora_course.selection import choose_rank


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


def test_the_question_and_the_library_agree():
    draws = random.Random(1)
    for table in telling_tables(draws):
        by_hand = right_choice(RANKS, table)
        choice = choose_rank(runs(dict(zip(RANKS, table, strict=True))))
        assert (choice.rank, choice.best_rank) == (by_hand["rank"], by_hand["best_rank"])
        chosen = next(c for c in choice.comparisons if c.rank == choice.rank)
        assert chosen.difference == pytest.approx(by_hand["difference"])
        assert chosen.standard_error == pytest.approx(by_hand["standard_error"])


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
