import itertools
import math
import statistics

import pytest
import torch

from lora_course.core.layers import adapt, load_adapter
from lora_course.core.results import RankExperiment, print_comparison, summarize
from lora_course.core.selection import choose_rank
from lora_course.core.sweep import rank_sweep, run_rank_comparison
from lora_course.core.training import evaluate
from lora_course.tasks.matching import MatchingTask

TASK = MatchingTask(dim=12, true_rank=3, num_layers=2, train_size=800, dtype=torch.float64)
QUICK = {"steps": 60, "progress": False}


@pytest.mark.parametrize("alpha", ["rank", 16.0, "sqrt(rank)", lambda rank: 3 * rank])
def test_both_modes_reach_the_same_adapters(alpha):
    one, all_at_once = (
        rank_sweep(TASK, (1, 3, 8), (0, 5), alpha=alpha, mode=mode, **QUICK)
        for mode in ("sequential", "stacked")
    )
    assert one == [
        RankExperiment(
            r.rank, r.alpha, r.trainable_params, r.accuracy, t.training_time_seconds, r.seed
        )
        for r, t in zip(all_at_once, one, strict=True)
    ]
    for a, b in zip(one, all_at_once, strict=True):
        assert a.adapter.keys() == b.adapter.keys()
        for name in a.adapter:
            torch.testing.assert_close(a.adapter[name], b.adapter[name], rtol=0, atol=1e-12)
        assert a.training_time_seconds > 0 and math.isnan(b.training_time_seconds)


def test_experiments_hold_what_was_measured():
    for run in rank_sweep(TASK, (2, 4), (1, 2), alpha=8.0, **QUICK):
        assert run.trainable_params == 2 * run.rank * (12 + 12) and run.alpha == 8.0
        model = adapt(TASK.model(), run.rank, run.alpha)
        load_adapter(model, run.adapter)
        assert evaluate(model, TASK.test()) == run.accuracy
        assert run.accuracy > evaluate(TASK.model(), TASK.test())


def test_runs_come_by_rank_and_seed_as_asked():
    runs = rank_sweep(TASK, (4, 1), (7, 3), mode="stacked", **QUICK)
    assert [(r.rank, r.seed) for r in runs] == [(4, 7), (4, 3), (1, 7), (1, 3)]


def test_an_interrupted_sweep_goes_on_where_it_was(monkeypatch):
    results: list[RankExperiment] = []
    calls = itertools.count()
    original = MatchingTask.model

    def stops(self):
        if next(calls) == 3:  # the warm-up is the first
            raise KeyboardInterrupt
        return original(self)

    monkeypatch.setattr(MatchingTask, "model", stops)
    with pytest.raises(KeyboardInterrupt):
        rank_sweep(TASK, (1, 2), (0, 1), results=results, **QUICK)
    assert [(r.rank, r.seed) for r in results] == [(1, 0), (2, 0)]
    monkeypatch.setattr(MatchingTask, "model", original)
    kept = list(results)
    runs = rank_sweep(TASK, (1, 2), (0, 1), results=results, **QUICK)
    assert len(runs) == 4 and results[:2] == kept
    fresh = rank_sweep(TASK, (1, 2), (0, 1), **QUICK)
    assert [r.accuracy for r in runs] == [r.accuracy for r in fresh]


def test_seeds_interface_measures():
    runs = run_rank_comparison(8, [1, 2], seeds=[0, 1], progress=False)
    assert [(r.rank, r.alpha, r.trainable_params) for r in runs] == [
        (1, 1, 16),
        (1, 1, 16),
        (2, 2, 32),
        (2, 2, 32),
    ]
    assert all(0.5 < r.accuracy < 1 and r.training_time_seconds > 0 for r in runs)
    (mean, _) = one_a_rank = run_rank_comparison(8, [2, 1], progress=False)
    assert [r.rank for r in one_a_rank] == [2, 1]  # pairs with what was asked for
    assert [r.seed for r in mean.runs] == [0, 1, 2]
    accuracies = [r.accuracy for r in mean.runs]
    assert mean.accuracy == pytest.approx(sum(accuracies) / 3)
    assert mean.standard_error == pytest.approx(statistics.stdev(accuracies) / 3**0.5)
    each = [run for one in one_a_rank for run in one.runs]
    assert summarize(one_a_rank) == summarize(each)
    assert choose_rank(one_a_rank) == choose_rank(each)
    two_layers = run_rank_comparison(8, [2], 2, seeds=[0], mode="stacked", progress=False)
    assert two_layers[0].trainable_params == 64


def run(rank, accuracy, seed=0, seconds=1.0):
    return RankExperiment(rank, rank, 10 * rank, accuracy, seconds, seed)


def test_summary_by_hand():
    rows = summarize([run(4, 0.7, 0), run(4, 0.8, 1), run(8, 0.9, 0, 3.0)])
    assert [row.rank for row in rows] == [4, 8]
    assert rows[0].accuracy == pytest.approx(0.75)
    assert rows[0].standard_error == pytest.approx(0.05)
    assert math.isnan(rows[1].standard_error) and rows[1].seconds == 3.0


def test_printed_table(capsys):
    print_comparison([run(4, 0.7, 0), run(4, 0.8, 1), run(8, 0.9, 0, math.nan)])
    lines = capsys.readouterr().out.splitlines()
    assert "0.7500" in lines[1] and "± 0.0500 (2 seeds)" in lines[1] and "1.00 s" in lines[1]
    assert "one seed" in lines[2] and "trained together" in lines[2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"ranks": []}, ["ranks=[]", "at least one"]),
        ({"ranks": [4, 4]}, ["ranks=[4, 4]", "twice"]),
        ({"ranks": [0]}, ["ranks=0"]),
        ({"ranks": 4}, ["ranks=4", "list"]),
        ({"ranks": "48"}, ["ranks='48'", "list"]),
        ({"ranks": [13]}, ["rank=13", "1 to 12"]),
        ({"seeds": []}, ["seeds=[]"]),
        ({"seeds": [1, 1]}, ["seeds=[1, 1]"]),
        ({"seeds": [-1]}, ["seeds=-1"]),
        ({"mode": "parallel"}, ["mode='parallel'", "'stacked'"]),
        ({"alpha": "double"}, ["alpha='double'", "'rank'"]),
        ({"alpha": -1}, ["alpha=-1"]),
    ],
)
@pytest.mark.parametrize("mode", ["sequential", "stacked"])
def test_bad_arguments(arguments, words, mode):
    with pytest.raises(ValueError) as caught:
        rank_sweep(TASK, **({"ranks": (1,), "seeds": (0,), "mode": mode} | QUICK | arguments))
    assert all(word in str(caught.value) for word in words)
