"""Several learning rates: each rank at its best one, the others kept and told."""

import csv
import io
import json
import math
from dataclasses import replace

import pytest

from lora_course.compare.command import compare
from lora_course.compare.page import as_html
from lora_course.compare.paired import choose, paired_seeds
from lora_course.compare.rates import at_best_rates, at_rate, best_rates
from lora_course.compare.records import FULL, METRICS, Comparison
from lora_course.compare.words import all_notes
from lora_course.compare.written import as_csv, as_json, from_json
from lora_course.display.plots import Picture, panels
from tests.compare.test_written import run

# Mean scores by rank and rate. At either rate alone the wrong rank is chosen.
SCORES = {4: {0.01: 0.80, 0.002: 0.60}, 32: {0.01: 0.50, 0.002: 0.90}}


def one(rank, rate, seed, score):
    return replace(run(8, seed), rank=rank, learning_rate=rate, score=score)


def mixed(metric="accuracy", drop=()):
    runs = [
        one(rank, rate, seed, score + 0.001 * seed * (1 + rank % 3))
        for rank, rates in SCORES.items()
        for rate, score in rates.items()
        for seed in (0, 1, 2)
        if (rank, rate, seed) not in drop
    ]
    runs += [one(FULL, 1e-3, seed, 0.9) for seed in (0, 1, 2)]
    whole = Comparison("T", METRICS[metric], tuple(runs), {"a": 1}, (), 15)
    return at_best_rates(replace(whole, rates=(0.002, 0.01), full_rates=(1e-3,)))


def test_each_rank_is_compared_at_its_best_rate():
    both = mixed()
    assert best_rates(both) == {4: 0.01, 32: 0.002, FULL: 1e-3}
    assert {(r.rank, r.learning_rate) for r in both.runs} == {
        (4, 0.01),
        (32, 0.002),
        (FULL, 1e-3),
    }
    assert len(both.runs) == 9 and both.finished == 15
    assert choose(both).rank == 32 and choose(at_rate(both, 0.01)).rank == 4


def test_where_lower_is_better_the_lowest_wins():
    assert best_rates(mixed("loss")) == {4: 0.002, 32: 0.01, FULL: 1e-3}


def test_a_seed_that_lacks_a_rate_waits_and_changes_no_rate():
    lacks = mixed(drop={(32, 0.002, 1)})
    assert best_rates(lacks) == best_rates(mixed())
    assert paired_seeds(lacks.runs) == (0, 2) and choose(lacks).rank == 32
    assert lacks.finished == 14 and "not every rank has finished: seed 1" in notes_of(lacks)


def notes_of(comparison):
    return " ".join(all_notes(comparison))


def test_a_rate_at_which_a_run_diverged_comes_last():
    whole = mixed()
    runs = [
        replace(r, score=math.nan) if (r.rank, r.learning_rate, r.seed) == (32, 0.002, 1) else r
        for r in (*whole.runs, *whole.others)
    ]
    hurt = at_best_rates(replace(whole, runs=tuple(runs), others=()))
    assert best_rates(hurt)[32] == 0.01
    assert "Rank 32, seed 1 diverged at the learning rate 0.002" in notes_of(hurt)
    with panels() as (figure, _):
        assert "diverged</td>" in as_html(hurt, Picture(figure, "a picture"))


def test_a_rank_whose_runs_all_diverged_is_told():
    bad = [run(4, s, score=math.nan, learning_rate=rate) for s in (0, 1) for rate in (0.1, 0.2)]
    good = [run(8, s, learning_rate=rate) for s in (0, 1) for rate in (0.1, 0.2)]
    whole = Comparison("T", METRICS["accuracy"], tuple(bad + good), {}, (), 8)
    both = at_best_rates(replace(whole, rates=(0.1, 0.2)))
    assert sum(r.rank == 4 for r in both.runs) == 2 and both.finished == 8
    assert "Rank 4, seed 0 diverged at the learning rate 0.1 " in notes_of(both)
    assert choose(both) is not None


def test_every_file_tells_the_rates():
    both = mixed()
    assert len(list(csv.DictReader(io.StringIO(as_csv(both))))) == 15
    content = json.loads(as_json(both))
    assert content["finished"] == 15 and len(content["runs_at_other_rates"]) == 6
    assert [row["learning_rate"] for row in content["summary"]] == [0.01, 0.002, 1e-3]
    assert as_json(from_json(as_json(both))) == as_json(both)
    with panels() as (figure, _):
        page = as_html(both, Picture(figure, "a picture"))
    assert "<h2>Learning rates</h2>" in page and "<strong>0.9" in page
    notes = " ".join(all_notes(both))
    assert "flatters each a little" in notes
    assert "smallest learning rate tried, 0.002, these ranks did best: 32." in notes
    assert "largest learning rate tried, 0.01, these ranks did best: 4." in notes


def test_one_rate_says_which_to_try_as_well():
    runs = tuple(run(4, s) for s in (0, 1))
    alone = Comparison("T", METRICS["accuracy"], runs, {}, rates=(3e-3,))
    (note,) = all_notes(alone)
    assert "--learning-rate 0.0015 0.003 0.006" in note
    with panels() as (figure, _):
        assert "<h2>Learning rates" not in as_html(alone, Picture(figure, "a picture"))
    assert all_notes(replace(alone, runs=())) == []


def test_the_command_runs_every_rank_at_every_rate_and_goes_on(settings, tmp_path):
    small = replace(settings, ranks=(2,), seeds=(0,), steps=2, ends=True, learning_rates=(0.01,))
    first = compare(small, tmp_path, progress=False)
    assert {(r.rank, r.learning_rate) for r in first.runs} == {
        ("head", 0.01),
        (2, 0.01),
        (FULL, small.full_learning_rates[0]),
    }
    more = compare(replace(small, learning_rates=(0.02, 0.01)).checked(), tmp_path, progress=False)
    assert more.finished == more.wanted == 5
    assert {r.learning_rate for r in (*more.runs, *more.others) if r.rank == 2} == {0.01, 0.02}
    kept = [r for r in (*more.runs, *more.others) if (r.rank, r.learning_rate) == (2, 0.01)]
    assert [r.cpu_seconds for r in kept] == [r.cpu_seconds for r in first.runs if r.rank == 2]


@pytest.mark.parametrize("name", ["learning_rates", "full_learning_rates"])
@pytest.mark.parametrize("rates", [(), (0.1, 0.1), (0.0,), (-1.0,), (math.nan,)])
def test_rates_that_cannot_be_meant(settings, name, rates):
    with pytest.raises(ValueError, match=f"^{name}="):
        replace(settings, **{name: rates}).checked()


def test_full_tuning_has_rates_of_its_own(settings):
    both = replace(settings, ends=True, full_learning_rates=(0.2, 0.1)).checked()
    assert [rate for rank, rate, seed in both.jobs() if rank == FULL and seed == 0] == [0.1, 0.2]
    assert {rate for rank, rate, _ in both.jobs() if rank != FULL} == {0.01}
