"""The stored curves: whole, of the shipped model, and made by the command that they name."""

import math
import platform
import sys
from dataclasses import replace

import pytest

from lora_course.compare.model import weights_hash
from lora_course.compare.run import read
from lora_course.compare.written import as_json, from_json
from lora_course.curves import FOLDER, SETTINGS, __main__, load_curve
from lora_course.models import BASE_MODEL


@pytest.mark.parametrize("task", SETTINGS)
def test_a_curve_is_whole_and_says_where_it_comes_from(task):
    curve, settings = load_curve(task), SETTINGS[task].checked()
    assert sorted((str(r.rank), r.seed) for r in curve.runs) == sorted(
        (str(rank), seed) for rank, seed in settings.jobs()
    )
    assert all(math.isfinite(r.score) and r.cpu_seconds > 0 for r in curve.runs)
    facts = curve.facts
    assert facts["weights hash"] == weights_hash(str(BASE_MODEL)), (
        "the base model changed: python -m lora_course.curves"
    )
    assert (facts["batch size"], facts["tokens an example"]) == (
        settings.batch_size,
        settings.length,
    )
    assert facts["learning rate"] == settings.learning_rate and not curve.notes
    assert {run.steps for run in curve.runs if run.trainable_params} == {settings.steps}
    assert "torch" in facts["versions"] and "Python" in facts["machine"]
    if f"Python {platform.python_version()}" in facts["machine"]:
        assert read(settings)[2] == facts["data hash"]
    text = (FOLDER / f"{task}.json").read_text(encoding="utf-8")
    assert as_json(from_json(text)) == text


def test_an_unknown_task_is_named():
    with pytest.raises(ValueError, match="task='poems'"):
        load_curve("poems")


def test_the_command_computes_and_stores_them(settings, tmp_path, monkeypatch, capsys):
    tiny = replace(settings, ranks=(2,), seeds=(0,), steps=2)
    monkeypatch.setitem(SETTINGS, "typos", tiny)
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
