"""The stored curves: whole, of the shipped model, and made by the command that they name."""

import math
import platform
import re
import sys
from dataclasses import replace

import pytest

from lora_course.chapters.ch04_rank_selection import measure_curves
from lora_course.chapters.ch04_rank_selection.experiment import (
    FOLDER,
    TASKS,
    load_curve,
    ranks_at_edge,
)
from lora_course.chapters.ch04_rank_selection.figure import draw_curves
from lora_course.compare.model import weights_hash
from lora_course.compare.rates import at_best_rates, best_rates
from lora_course.compare.run import read
from lora_course.compare.written import as_json, from_json
from lora_course.models import BASE_MODEL


@pytest.mark.parametrize("task", TASKS)
def test_a_curve_is_whole_and_says_where_it_comes_from(task):
    curve, settings = load_curve(task), TASKS[task]
    runs = (*curve.runs, *curve.others)
    assert {(r.rank, r.learning_rate, r.seed) for r in runs} == set(settings.jobs())
    assert len(runs) == len(settings.jobs()) == curve.wanted == curve.finished
    assert all(math.isfinite(r.score) and r.cpu_seconds >= 0 for r in runs)
    facts = curve.facts
    assert facts["weights hash"] == weights_hash(str(BASE_MODEL)), (
        "the base model changed: python -m lora_course.chapters.ch04_rank_selection.experiment"
    )
    assert (facts["batch size"], facts["tokens an example"]) == (
        settings.batch_size,
        settings.length,
    )
    assert facts["learning rates"] == list(settings.learning_rates)
    assert {run.steps for run in runs if run.trainable_params} == {settings.steps}
    assert "torch" in facts["versions"] and "Python" in facts["machine"]
    if f"Python {platform.python_version()}" in facts["machine"]:
        assert read(settings)[2] == facts["data hash"]
    text = (FOLDER / f"{task}.json").read_text(encoding="utf-8")
    assert as_json(from_json(text)) == text


def test_the_figure_says_every_curve_and_the_ends():
    picture = draw_curves({task: load_curve(task) for task in TASKS}, (0.002, 0.008))
    lines = {"typos": ("each at its best", "0.002"), "style-shift": ("each at its best", "0.008")}
    for task, labels in lines.items():
        for label in labels:
            assert re.search(rf"{task}, \w+, learning rate {label}: r=1 ", picture.alt), label
    assert "learning rate 0.016" not in picture.alt
    assert "head only" in picture.alt and "no training" in picture.alt
    assert picture.alt.count("full tuning") == 2 and "±" in picture.alt


@pytest.mark.parametrize("task", TASKS)
def test_no_rank_does_best_at_an_edge_of_its_rates(task):
    assert ranks_at_edge(load_curve(task)) == []


def test_what_is_not_stored_is_named():
    with pytest.raises(ValueError, match="task='poems'"):
        load_curve("poems")


def test_the_command_computes_and_stores_them(settings, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(TASKS, "typos", replace(settings, ranks=(2,), seeds=(0,), steps=2))
    monkeypatch.setattr(measure_curves, "FOLDER", tmp_path)
    words = ["curves", "typos", "--work", str(tmp_path / "work")]
    monkeypatch.setattr(sys, "argv", words)
    measure_curves.main()
    assert "typos.json" in capsys.readouterr().out
    stored = from_json((tmp_path / "typos.json").read_text(encoding="utf-8"))
    assert [(r.rank, r.seed, r.steps) for r in stored.runs] == [(2, 0, 2)]
    monkeypatch.setattr(sys, "argv", ["curves", "poems"])
    with pytest.raises(SystemExit):
        measure_curves.main()
    assert "'poems' is not one of typos, style-shift" in capsys.readouterr().err


@pytest.mark.parametrize("task", TASKS)
def test_wherever_a_sweep_stops_each_rate_is_the_best_of_whole_seeds(task):
    curve = load_curve(task)
    runs = {(r.rank, r.learning_rate, r.seed): r for r in (*curve.runs, *curve.others)}
    jobs = TASKS[task].jobs()
    for count in range(len(jobs) + 1):
        part = replace(curve, runs=tuple(runs[job] for job in jobs[:count]), others=())
        stopped = at_best_rates(part)
        assert stopped.finished == count
        for rank, rate in best_rates(stopped).items():
            seeds = {r.seed for r in stopped.runs if r.rank == rank}
            rates = TASKS[task].rates_of(rank)
            means = {other: sum(runs[rank, other, seed].score for seed in seeds) for other in rates}
            best = max(means.values()) if curve.metric.higher_is_better else min(means.values())
            assert seeds and means[rate] == best, (count, rank)
    assert best_rates(stopped) == best_rates(curve)
