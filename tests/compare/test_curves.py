"""The stored curves: whole, of the shipped model, and made by the command that they name."""

import math
import platform
import sys
from dataclasses import replace

import pytest

from lora_course.compare.model import weights_hash
from lora_course.compare.records import METRICS, Comparison
from lora_course.compare.run import read
from lora_course.compare.written import as_json, from_json
from lora_course.curves import (
    RATES,
    TASKS,
    Best,
    __main__,
    best_by_rank,
    curve_path,
    curve_settings,
    load_curves,
)
from lora_course.curves.figure import draw_curves
from lora_course.models import BASE_MODEL


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("task", TASKS)
def test_a_curve_is_whole_and_says_where_it_comes_from(task, rate):
    curve, settings = load_curves(task)[rate], curve_settings(task, rate)
    assert sorted((str(r.rank), r.seed) for r in curve.runs) == sorted(
        (str(rank), seed) for rank, seed in settings.jobs()
    )
    assert all(math.isfinite(r.score) and r.cpu_seconds >= 0 for r in curve.runs)
    facts = curve.facts
    assert facts["weights hash"] == weights_hash(str(BASE_MODEL)), (
        "the base model changed: python -m lora_course.curves"
    )
    assert (facts["batch size"], facts["tokens an example"]) == (
        settings.batch_size,
        settings.length,
    )
    assert facts["learning rate"] == rate and not curve.notes
    assert {run.steps for run in curve.runs if run.trainable_params} == {settings.steps}
    assert "torch" in facts["versions"] and "Python" in facts["machine"]
    if f"Python {platform.python_version()}" in facts["machine"]:
        assert read(settings)[2] == facts["data hash"]
    text = curve_path(task, rate).read_text(encoding="utf-8")
    assert as_json(from_json(text)) == text


def test_the_figure_says_every_curve_and_the_ends():
    picture = draw_curves({task: load_curves(task) for task in TASKS})
    for task in TASKS:
        for rate in RATES:
            assert f"{task}, " in picture.alt and f"learning rate {rate:g}: r=1 " in picture.alt
    assert "head only" in picture.alt and "no training" in picture.alt
    assert picture.alt.count("full tuning") == 2 and "±" in picture.alt


def test_the_best_rate_of_a_rank_follows_the_metric():
    def sweep(scores, metric):
        runs = [replace(load_curves("typos")[0.001].runs[-1], rank=r, score=s) for r, s in scores]
        return Comparison("t", METRICS[metric], tuple(runs), {})

    both = {0.1: [(1, 0.6), (4, 0.7)], 0.2: [(1, 0.5), (4, 0.9), ("full", 0.95)]}
    high = best_by_rank({rate: sweep(scores, "accuracy") for rate, scores in both.items()})
    assert high == {1: Best(0.1, 0.6), 4: Best(0.2, 0.9)}
    low = best_by_rank({rate: sweep(scores, "loss") for rate, scores in both.items()})
    assert low == {1: Best(0.2, 0.5), 4: Best(0.1, 0.7)}


def test_what_is_not_stored_is_named():
    with pytest.raises(ValueError, match="task='poems'"):
        load_curves("poems")
    with pytest.raises(ValueError, match=r"rate=0\.5: must be one of 0\.001"):
        curve_settings("typos", 0.5)


def test_the_command_computes_and_stores_them(settings, tmp_path, monkeypatch, capsys):
    tiny = replace(settings, ranks=(2,), seeds=(0,), steps=2)
    monkeypatch.setattr(__main__, "curve_settings", lambda task, rate: tiny)
    monkeypatch.setattr(__main__, "curve_path", lambda task, rate: tmp_path / f"{task}_{rate}.json")
    words = ["curves", "typos", "--work", str(tmp_path / "work")]
    monkeypatch.setattr(sys, "argv", words)
    __main__.main()
    assert "typos_0.001.json" in capsys.readouterr().out
    for rate in RATES:
        stored = from_json((tmp_path / f"typos_{rate}.json").read_text(encoding="utf-8"))
        assert [(r.rank, r.seed, r.steps) for r in stored.runs] == [(2, 0, 2)]
    monkeypatch.setattr(sys, "argv", ["curves", "poems"])
    with pytest.raises(SystemExit):
        __main__.main()
    assert "'poems' is not one of typos, style-shift" in capsys.readouterr().err
