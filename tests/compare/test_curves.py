"""The stored curves: whole, of the shipped model, and made by the command that they name."""

import math
import platform
import sys
from dataclasses import replace

import pytest

from lora_course.compare.model import weights_hash
from lora_course.compare.run import read
from lora_course.compare.written import as_json, from_json
from lora_course.curves import FOLDER, TASKS, __main__, load_curve
from lora_course.curves.figure import draw_curves
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
        "the base model changed: python -m lora_course.curves"
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
    picture = draw_curves({task: load_curve(task) for task in TASKS})
    for task in TASKS:
        for rate in TASKS[task].learning_rates:
            assert f"{task}, " in picture.alt and f"learning rate {rate:g}: r=1 " in picture.alt
    assert "head only" in picture.alt and "no training" in picture.alt
    assert picture.alt.count("full tuning") == 2 and "±" in picture.alt


def test_what_is_not_stored_is_named():
    with pytest.raises(ValueError, match="task='poems'"):
        load_curve("poems")


def test_the_command_computes_and_stores_them(settings, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(TASKS, "typos", replace(settings, ranks=(2,), seeds=(0,), steps=2))
    monkeypatch.setattr(__main__, "FOLDER", tmp_path)
    words = ["curves", "typos", "--work", str(tmp_path / "work")]
    monkeypatch.setattr(sys, "argv", words)
    __main__.main()
    assert "typos.json" in capsys.readouterr().out
    stored = from_json((tmp_path / "typos.json").read_text(encoding="utf-8"))
    assert [(r.rank, r.seed, r.steps) for r in stored.runs] == [(2, 0, 2)]
    monkeypatch.setattr(sys, "argv", ["curves", "poems"])
    with pytest.raises(SystemExit):
        __main__.main()
    assert "'poems' is not one of typos, style-shift" in capsys.readouterr().err
