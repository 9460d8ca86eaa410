import math
import random
from dataclasses import replace

import pytest

from lora_course.compare.diagnoses import MEANINGS, diagnose
from lora_course.compare.paired import choose, paired_scores
from lora_course.compare.records import FULL, HEAD, METRICS, Comparison, Run

LUCK = (0.0, 0.02, -0.01, 0.01)  # what a seed does to every rank alike
JITTER = (0.001, -0.001, 0.0005, -0.0005)
FALLEN = tuple(0.3 + 0.4 * math.exp(-i / 4) for i in range(40))
FALLING = tuple(0.7 - 0.01 * i for i in range(40))


def sweep(held, train=None, losses=None, *, metric="accuracy", seeds=4, facts=None, **fields):
    """Made-up runs: rank -> mean held-out score, mean training score, mean training loss."""
    train = train or {rank: score + 0.01 for rank, score in held.items()}
    losses = losses or dict.fromkeys(held, 0.3)
    defaults = {"curve": FALLEN, "steps": 100, "examples_seen": 3.0, "alpha": 8.0}
    defaults |= {"learning_rate": 3e-3}
    runs = [
        Run(
            rank=rank,
            seed=seed,
            trainable_params=10,
            # Each rank's own jitter runs through the seeds in another order.
            score=score + LUCK[seed] + JITTER[(seed + index) % 4],
            train_score=train[rank] + LUCK[seed] + JITTER[(seed + 2 * index) % 4],
            test_loss=losses[rank] + 0.02,
            train_loss=losses[rank] + JITTER[(seed + index) % 4],
            cpu_seconds=1.0,
            wall_seconds=1.0,
            **{**defaults, **fields},
        )
        for index, (rank, score) in enumerate(held.items())
        for seed in range(seeds)
    ]
    return Comparison("made up", METRICS[metric], tuple(runs), facts or {})


def names(comparison):
    return [diagnosis.name for diagnosis in diagnose(comparison)]


def words(comparison):
    diagnosis = diagnose(comparison)[0]
    return " ".join((*diagnosis.evidence, *diagnosis.try_next))


PLATEAU = {4: 0.70, 8: 0.80, 16: 0.80, 32: 0.80}
RISING = {4: 0.70, 8: 0.75, 16: 0.80, 32: 0.85}
PEAKED = {4: 0.75, 8: 0.80, 16: 0.78, 32: 0.75}


def test_settled():
    comparison = sweep(PLATEAU)
    assert names(comparison) == ["settled"]
    assert choose(comparison).rank == 8 and "Use rank 8." in words(comparison)


def test_noise_when_all_ranks_are_within_one_standard_error():
    comparison = sweep(dict.fromkeys((4, 8, 16), 0.8))
    assert names(comparison) == ["noise"] and "8 in place of 4" in words(comparison)
    # One rank clearly lower is enough to say something.
    assert names(sweep({4: 0.78, 8: 0.8, 16: 0.8})) == ["settled"]


def test_luck_alone_is_mostly_told_as_noise():
    draws = random.Random(1)
    told = []
    for _ in range(100):
        runs = tuple(
            replace(run, score=0.8 + draws.gauss(0, 0.01), train_loss=0.4 + draws.gauss(0, 0.01))
            for run in sweep(dict.fromkeys((4, 8, 16, 32), 0.8), seeds=3).runs
        )
        told += names(Comparison("luck", METRICS["accuracy"], runs, {}))[:1]
    assert told.count("noise") >= 75


def test_noise_with_one_seed_whatever_the_numbers():
    assert names(sweep(RISING, seeds=1)) == ["noise"]
    assert "noise" not in names(sweep(RISING, seeds=2))
    assert names(sweep({8: 0.8})) == ["noise"] and "three ranks" in words(sweep({8: 0.8}))


def test_underfitting_while_both_sets_gain_to_the_edge():
    comparison = sweep(RISING)
    assert names(comparison) == ["underfitting"] and "64 and 128" in words(comparison)


def test_no_underfitting_where_the_best_is_no_better_on_training_examples():
    comparison = sweep(RISING, train=dict.fromkeys(RISING, 0.99))
    assert names(comparison) == ["noise"] and "may be luck" in words(comparison)


def test_underfitting_says_when_little_of_the_gain_carries_over():
    train = {4: 0.70, 8: 0.80, 16: 0.80, 32: 0.95}
    comparison = sweep(RISING, train=train)
    assert "Only 33%" in words(comparison) and "More training data" in words(comparison)


def test_underfitting_when_full_tuning_is_clearly_ahead():
    comparison = sweep(PLATEAU | {FULL: 0.86})
    assert names(comparison) == ["underfitting"]
    assert diagnose(comparison)[0].try_next[0].startswith("More target modules")
    assert names(sweep(PLATEAU | {FULL: 0.801})) == ["settled"]
    assert "expect little" in words(sweep(RISING | {FULL: 0.85}))


def test_overfitting_when_more_rank_fits_training_examples_only():
    train = {4: 0.80, 8: 0.90, 16: 0.95, 32: 0.99}
    losses = {4: 0.5, 8: 0.3, 16: 0.2, 32: 0.1}
    comparison = sweep(PEAKED, train=train, losses=losses)
    assert names(comparison) == ["overfitting"]
    assert "50 in place of 100" in words(comparison) and "0.0500 ± " in words(comparison)


def test_no_overfitting_where_held_out_examples_do_not_suffer_or_training_ones_do_too():
    train = {4: 0.80, 8: 0.90, 16: 0.95, 32: 0.99}
    losses = {4: 0.5, 8: 0.3, 16: 0.2, 32: 0.1}
    assert names(sweep(PLATEAU, train=train, losses=losses)) == ["settled"]
    worse = sweep(PEAKED, losses={4: 0.5, 8: 0.3, 16: 0.4, 32: 0.5})
    assert "overfitting" not in names(worse)


def test_overfitting_when_the_model_without_adapter_does_better():
    held, train = {HEAD: 0.85} | PLATEAU, {HEAD: 0.85} | dict.fromkeys(PLATEAU, 0.99)
    assert names(sweep(held, train=train))[0] == "overfitting"
    assert "overfitting" not in names(sweep(held | {HEAD: 0.8}, train=train))


def test_under_training_when_the_loss_still_falls_at_the_end():
    comparison = sweep(PLATEAU, curve=FALLING)
    assert names(comparison) == ["under-training"] and "200 in place of 100" in words(comparison)
    # Noise at the end is no fall, and neither is the flat end of a loss that has arrived.
    shaky = tuple(0.3 + 0.05 * (-1) ** i + 0.4 * math.exp(-i / 4) for i in range(40))
    assert names(sweep(PLATEAU, curve=shaky)) == ["settled"]


def test_a_constant_rate_allows_a_larger_last_fall():
    curve = tuple(0.3 + 0.4 * math.exp(-i / 14) for i in range(40))  # 9% in the last quarter
    assert names(sweep(PLATEAU, curve=curve)) == ["under-training"]
    assert names(sweep(PLATEAU, curve=curve, facts={"schedule": "constant"})) == ["settled"]


def test_a_falling_loss_is_no_under_training_where_it_is_learning_by_heart():
    comparison = sweep(PLATEAU, curve=FALLING)
    runs = tuple(replace(run, test_loss=1.5) for run in comparison.runs)
    assert "under-training" not in names(replace(comparison, runs=runs))


def test_less_than_one_pass_counts_fully_only_while_the_loss_falls():
    still = tuple(0.3 + 0.4 * math.exp(-i / 10) for i in range(40))
    assert names(sweep(PLATEAU, curve=still, examples_seen=0.5)) == ["under-training"]
    flat = (0.7, *[0.3 + 0.001 * (-1) ** i for i in range(39)])
    assert names(sweep(PLATEAU, curve=flat, examples_seen=0.5)) == ["settled", "under-training"]
    assert names(sweep(PLATEAU, curve=flat, examples_seen=1.0)) == ["settled"]


def test_under_training_when_a_classifier_hardly_left_its_start():
    """The loss lies on the plateau of chance: flat, and the ranks differ by little."""
    flat = tuple(0.69 - 0.0005 * i for i in range(40))
    stuck = sweep(PLATEAU, losses=dict.fromkeys(PLATEAU, 0.66), curve=flat)
    assert names(stuck)[0] == "under-training" and "settled" not in names(stuck)
    assert "ended 4% below where it began: hardly anything was learnt" in words(stuck)
    assert "More steps: 200 in place of 100" in words(stuck)
    text = {rank: 1 - score for rank, score in PLATEAU.items()}
    tuned = sweep(text, losses=dict.fromkeys(text, 0.66), curve=flat, metric="loss")
    assert "hardly anything" not in words(tuned), "a small fall is what fine-tuning a text model is"


def test_under_training_when_more_rank_fits_the_training_examples_worse():
    comparison = sweep(PLATEAU, losses={4: 0.4, 8: 0.3, 16: 0.3, 32: 0.35})
    assert names(comparison) == ["under-training"]
    assert "0.0500 ± " in words(comparison) and "alpha in proportion" in words(comparison)
    assert names(sweep(PLATEAU, losses={4: 0.4, 8: 0.3, 16: 0.3, 32: 0.304})) == ["settled"]


def test_several_diagnoses_the_likelier_first():
    comparison = sweep(RISING, curve=FALLING)
    assert set(names(comparison)) == {"underfitting", "under-training"}
    alike = sweep(dict.fromkeys((4, 8), 0.8), curve=FALLING)
    assert names(alike) == ["under-training", "noise"]
    assert all(diagnosis.evidence and diagnosis.try_next for diagnosis in diagnose(comparison))
    assert set(names(comparison)) <= MEANINGS.keys()


@pytest.mark.parametrize("metric", ["loss", "bits-per-byte"])
def test_metrics_where_lower_is_better(metric):
    def lower(held, train=None, losses=None):
        turned = [table and {k: 2 - v for k, v in table.items()} for table in (held, train)]
        if turned[1] is None:
            turned[1] = {rank: score - 0.01 for rank, score in turned[0].items()}
        return sweep(*turned, losses, metric=metric)

    assert names(lower(PLATEAU)) == ["settled"] and choose(lower(PLATEAU)).rank == 8
    assert names(lower(RISING)) == ["underfitting"]
    assert "may still be falling" in str(choose(lower(RISING)))
    train = {4: 0.80, 8: 0.90, 16: 0.95, 32: 0.99}
    losses = {4: 0.5, 8: 0.3, 16: 0.2, 32: 0.1}
    assert names(lower(PEAKED, train, losses)) == ["overfitting"]


def test_only_seeds_that_every_rank_has_are_paired():
    comparison = sweep(PLATEAU | {HEAD: 0.6, FULL: 0.8})
    runs = [r for r in comparison.runs if (r.rank, r.seed) not in {(16, 3), (32, 1), (FULL, 0)}]
    table = paired_scores(runs, lambda run: run.seed)
    assert table == {rank: [0, 2] for rank in (4, 8, 16, 32)}
    assert paired_scores(list(reversed(runs)), lambda run: run.seed) == table
    assert "Two seeds" in str(choose(replace(comparison, runs=tuple(runs))))


def test_a_diverged_run_counts_as_not_there():
    comparison = sweep(PLATEAU)
    runs = tuple(
        replace(run, test_loss=math.nan) if (run.rank, run.seed) == (32, 0) else run
        for run in comparison.runs
    )
    assert len(choose(replace(comparison, runs=runs)).comparisons) == 4
    assert names(replace(comparison, runs=runs)) == ["settled"]


def test_too_little_to_tell_anything():
    comparison = sweep(PLATEAU | {HEAD: 0.6})
    assert diagnose(replace(comparison, runs=())) == ()
    ends = tuple(run for run in comparison.runs if run.rank == HEAD)
    assert diagnose(replace(comparison, runs=ends)) == ()
    apart = tuple(run for run in comparison.runs if (run.rank, run.seed) in {(4, 0), (8, 1)})
    assert choose(replace(comparison, runs=apart)) is None
    assert "No seed" in words(replace(comparison, runs=apart))


def test_two_runs_of_one_seed_are_refused():
    comparison = sweep(PLATEAU)
    with pytest.raises(ValueError, match="two runs of seed 0"):
        diagnose(replace(comparison, runs=comparison.runs + comparison.runs[:1]))
