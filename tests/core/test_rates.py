"""Each rank at its best learning rate."""

import pytest

from lora_course.core.rates import at_best_rates
from lora_course.core.results import RankExperiment, means


def sweep(*accuracies, ranks=(4, 8), seeds=2):
    return [
        RankExperiment(rank, rank, rank, accuracy + seed / 100, 1.0, seed)
        for rank, accuracy in zip(ranks, accuracies, strict=True)
        for seed in range(seeds)
    ]


SWEEPS = {0.04: sweep(0.6, 0.5), 0.01: sweep(0.5, 0.7), 0.02: sweep(0.7, 0.6), 0.005: sweep(0, 0)}


def test_each_rank_comes_from_its_own_best_rate():
    expected = [*SWEEPS[0.02][:2], *SWEEPS[0.01][2:]]
    assert at_best_rates(SWEEPS) == expected
    assert at_best_rates({rate: means(runs) for rate, runs in SWEEPS.items()}) == expected


def test_of_equal_rates_the_smaller_one():
    equal = {rate: sweep(score, score) for rate, score in ((1, 0.1), (2, 0.5), (4, 0.5), (8, 0.1))}
    assert all(run is own for run, own in zip(at_best_rates(equal), equal[2], strict=True))


@pytest.mark.parametrize(
    ("sweeps", "words"),
    [
        ({0.01: sweep(0.5, 0.5), 0.02: sweep(0.6, 0.6)}, "2 learning rates"),
        (
            {0.01: sweep(0.7, 0.6), 0.02: sweep(0.6, 0.7), 0.04: sweep(0.1, 0.1)},
            "rank 4 does best at 0.01, the smallest rate tried; add 0.005",
        ),
        (
            {0.01: sweep(0.6, 0.6), 0.02: sweep(0.7, 0.7), 0.04: sweep(0.1, 0.8)},
            "rank 8 does best at 0.04, the largest rate tried; add 0.08",
        ),
        (SWEEPS | {0.02: sweep(0.7, 0.6, seeds=3)}, "at rate 0.02 other ranks or seeds"),
        (SWEEPS | {0.02: sweep(float("nan"), 0.6)}, "not a number"),
    ],
)
def test_what_cannot_be_judged_is_said(sweeps, words):
    with pytest.raises(ValueError, match=words):
        at_best_rates(sweeps)
