"""A comparison from end to end: here, on processes, on a cluster, stopped and continued."""

import csv
import errno
import json
import math
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from lora_course.cli import main
from lora_course.compare import command
from lora_course.compare.command import compare
from lora_course.compare.model import weights_hash
from lora_course.compare.run import read, run
from lora_course.compare.store import RunStore, StoreError
from tests import WATCHDOG
from tests.compare.test_written import run as a_run


def figures(comparison):
    """What must be the same however the runs were carried out: all but the times."""
    return [
        (r.rank, r.seed, r.trainable_params, r.score, r.train_score, r.test_loss, r.curve)
        for r in comparison.runs
    ]


@pytest.fixture(scope="module")
def whole(model, table, tmp_path_factory):
    """The comparison of the `settings` fixture, carried out at one go."""

    def of(settings):
        if not done:
            out = tmp_path_factory.mktemp("whole")
            done.append((compare(settings, out, progress=False), out))
        return done[0]

    done = []
    return of


def test_a_comparison_writes_what_was_asked_for(settings, whole):
    comparison, out = whole(settings)
    assert [(r.rank, r.seed) for r in comparison.runs] == [(2, 0), (4, 0), (2, 1), (4, 1)]
    with (out / "results.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 4
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    text = json.dumps(results)
    assert "data hash" in text and "torch" in text and "seeds" in text
    for name in ("report.html", "figure.png", "figure.svg"):
        assert (out / name).stat().st_size > 1000
    small, large = comparison.runs[:2]
    assert 0 < small.trainable_params < large.trainable_params
    assert small.memory_mb["total"] == pytest.approx(
        sum(small.memory_mb[key] for key in ("weights", "trained", "activations"))
    )
    assert small.memory_mb["trained"] >= 16 * small.trainable_params / 1e6


def test_training_learns_something(settings):
    _, _, digest = read(settings)
    longer = replace(settings, steps=80, ranks=(4,))
    assert run(longer, 4, 1e-2, 0, digest).score > 0.9


def opened(folder, settings):
    return RunStore(folder, settings, read(settings)[2], weights_hash(settings.model))


def test_a_stopped_comparison_goes_on_to_the_same_figures(settings, whole, tmp_path, monkeypatch):
    real = command.carry_out

    def stops_after_one(*arguments, **options):
        outcomes = real(*arguments, **options)
        yield next(outcomes)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "carry_out", stops_after_one)
    with pytest.raises(KeyboardInterrupt):
        compare(settings, tmp_path, progress=False)
    assert (tmp_path / "report.html").exists()
    first = opened(tmp_path, settings).load((2, 1e-2, 0))
    assert first is not None
    monkeypatch.setattr(command, "carry_out", real)
    continued = compare(settings, tmp_path, progress=False)
    assert continued.runs[0] == first, "the finished run was repeated"
    assert figures(continued) == figures(whole(settings)[0])


@pytest.mark.long
def test_an_interrupt_from_the_terminal_is_reported_and_resumed(model, table, tmp_path):
    words = ["--model", str(model), "--train", str(table), "--ranks", "2", "4", "--seeds", "2"]
    words += ["--steps", "300", "--length", "24", "--out", str(tmp_path / "out")]
    # As in a terminal: a shell's background job, which CI may be, hands down SIGINT ignored.
    code = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
    code += "from lora_course.cli import main; sys.exit(main())"
    call = [sys.executable, "-c", code, "compare-ranks", *words]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(call, **quiet)
    deadline = time.monotonic() + WATCHDOG
    while not list((tmp_path / "out").glob("runs/rank-*.json")):
        assert process.poll() is None and time.monotonic() < deadline, process.stderr.read()
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=WATCHDOG)
    assert process.returncode == 130 and "goes on from there" in said and "Traceback" not in said
    kept = [path.name for path in (tmp_path / "out").glob("runs/rank-*.json")]
    assert len(kept) in (1, 2, 3) and (tmp_path / "out" / "report.html").exists()
    before = {name: (tmp_path / "out" / "runs" / name).stat().st_mtime_ns for name in kept}
    again = subprocess.run(call, capture_output=True, text=True, timeout=WATCHDOG, check=False)
    assert again.returncode == 0, again.stderr
    for name, time_of in before.items():
        assert (tmp_path / "out" / "runs" / name).stat().st_mtime_ns == time_of, "was repeated"
    assert len(list((tmp_path / "out").glob("runs/rank-*.json"))) == 4


def test_a_report_that_cannot_be_written_keeps_the_runs(settings, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(command.written, "write", full)
    with pytest.raises(StoreError, match=r"report could not be written: No space left.*kept"):
        compare(settings, tmp_path, progress=False)
    monkeypatch.undo()
    monkeypatch.setattr(command, "run", None)  # nothing is left to be run
    comparison = compare(settings, tmp_path, progress=False)
    assert len(comparison.runs) == 4 and (tmp_path / "report.html").exists()


def test_the_first_trouble_is_told_though_the_report_fails_too(settings, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    def stops(*_, **__):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(command.written, "write", full)
    monkeypatch.setattr(command, "carry_out", stops)
    with pytest.raises(KeyboardInterrupt):
        compare(settings, tmp_path, progress=False)


def test_other_weights_in_the_same_folder_are_refused(settings, model, tmp_path):
    copy = tmp_path / "model"
    shutil.copytree(model, copy)
    mine = replace(settings, model=str(copy), steps=1, ranks=(2,), seeds=(0,))
    compare(mine, tmp_path / "out", progress=False)
    weights = load_file(copy / "model.safetensors")
    save_file({name: 2 * tensor for name, tensor in weights.items()}, copy / "model.safetensors")
    with pytest.raises(StoreError, match="weights changed"):
        compare(mine, tmp_path / "out", progress=False)


def test_time_that_is_up_begins_nothing_and_loses_nothing(settings, tmp_path):
    comparison = compare(settings, tmp_path, minutes=1e-9, progress=False)
    assert comparison.runs == () and any("Time was up" in note for note in comparison.notes)
    assert "nothing" in (tmp_path / "report.html").read_text(encoding="utf-8").lower()


@pytest.mark.long
def test_processes_give_the_same_figures(settings, whole, tmp_path):
    assert figures(compare(settings, tmp_path, workers=2, progress=False)) == figures(
        whole(settings)[0]
    )


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.mark.long
def test_a_cluster_that_loses_a_worker_gives_the_same_figures(settings, tmp_path, monkeypatch):
    address = f"tcp://127.0.0.1:{free_port()}"
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path.cwd())}
    started = []

    def start(*words):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        started.append(subprocess.Popen(words, env=environment, cwd=tmp_path, **quiet))
        return started[-1]

    worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1"]
    worker += ["--no-dashboard", "--no-nanny", "--host", "127.0.0.1"]
    more = replace(settings, seeds=(0, 1, 2), steps=30)
    try:
        start(*dask, "--host", "127.0.0.1", "--port", address.rpartition(":")[2], "--no-dashboard")
        doomed, _ = start(*worker), start(*worker)
        wait_for_workers(address, 2)
        saved = RunStore.save

        def kills_a_worker_first(store, finished):
            if doomed.poll() is None:
                doomed.kill()
            saved(store, finished)

        monkeypatch.setattr(RunStore, "save", kills_a_worker_first)
        comparison = compare(more, tmp_path / "out", scheduler=address, progress=False)
        assert doomed.poll() is not None
    finally:
        for process in started:
            process.kill()
            process.wait()
    assert len(comparison.runs) == 6, comparison.notes
    assert figures(comparison) == figures(compare(more, tmp_path / "here", progress=False))


def wait_for_workers(address, count):
    from distributed import Client

    deadline = time.monotonic() + WATCHDOG
    while True:
        try:
            with Client(address, timeout="5s") as client:
                client.wait_for_workers(count, timeout=WATCHDOG)
                return
        except (OSError, TimeoutError):
            assert time.monotonic() < deadline
            time.sleep(0.5)


def test_no_scheduler_is_said(settings, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "settings_from", lambda options: settings)
    where = f"tcp://127.0.0.1:{free_port()}"
    assert main(["compare-ranks", "--scheduler", where, "--out", str(tmp_path), "--quiet"]) == 2
    assert "no Dask scheduler answers" in capsys.readouterr().err


def test_a_full_disk_keeps_what_is_finished(settings, tmp_path, monkeypatch):
    store = opened(tmp_path, settings)
    finished = run(settings, 2, 1e-2, 0, read(settings)[2])
    store.save(finished)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StoreError, match="No space left"):
        store.save(replace(finished, seed=1))
    monkeypatch.undo()
    assert store.load((2, 1e-2, 0)) == finished and store.load((2, 1e-2, 1)) is None
    assert not list(tmp_path.rglob("*.part"))


def test_other_settings_do_not_mix_with_finished_runs(settings, tmp_path):
    RunStore(tmp_path, settings, "data", "weights")
    RunStore(tmp_path, replace(settings, ranks=(2,), seeds=(0, 1, 2, 3)), "data", "weights")
    with pytest.raises(StoreError, match="steps=6 then, 7 now"):
        RunStore(tmp_path, replace(settings, steps=7), "data", "weights")
    with pytest.raises(StoreError, match="the data changed"):
        RunStore(tmp_path, settings, "another", "weights")


DAMAGED = ["", "{", "[]", "{}", "[" * 100_000, '{"curve": 1}', '{"curve": []}', "\ud800"]


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_run_is_run_again(settings, tmp_path, content):
    store = RunStore(tmp_path, settings, "data", "weights")
    (tmp_path / "runs" / "rank-2_rate-0.01_seed-0.json").write_bytes(
        content.encode("utf-8", "surrogatepass")
    )
    assert store.load((2, 1e-2, 0)) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("rank", 8), ("rank", None), ("seed", 1), ("seed", True), ("learning_rate", 0.1)),
        *(("score", "high"), ("steps", 1.5), ("curve", ["a"]), ("curve", "ab"), ("curve", None)),
        *(("memory_mb", []), ("memory_mb", {"total": "1"}), ("another", 1)),
    ],
)
def test_a_run_of_another_kind_is_run_again(settings, tmp_path, field, value):
    store = RunStore(tmp_path, settings, "data", "weights")
    kept = a_run(4, 0, learning_rate=1e-2)
    store.save(kept)
    assert store.load(kept.job) == kept
    path = tmp_path / "runs" / "rank-4_rate-0.01_seed-0.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    assert store.load(kept.job) is None


@pytest.mark.parametrize("content", DAMAGED)
def test_runs_without_settings_that_can_be_read_are_refused(settings, tmp_path, content):
    store = RunStore(tmp_path, settings, "data", "weights")
    words = content.encode("utf-8", "surrogatepass")
    (tmp_path / "settings.json").write_bytes(words)
    store.save(a_run(4, 0, learning_rate=1e-2))
    with pytest.raises(StoreError, match=re.escape(str(tmp_path))):
        RunStore(tmp_path, settings, "data", "weights")


def test_a_diverging_run_is_reported_and_not_repeated(settings, tmp_path, monkeypatch):
    wild = replace(settings, learning_rates=(1e-2, 1e30), ranks=(2,), seeds=(0,))
    comparison = compare(wild, tmp_path, progress=False)
    assert comparison.finished == 2 and [r.learning_rate for r in comparison.runs] == [1e-2]
    assert math.isnan(comparison.others[0].score)
    assert "diverged at the learning rate 1e+30" in (tmp_path / "report.html").read_text("utf-8")
    monkeypatch.setattr(command, "run", None)
    again = compare(wild, tmp_path, progress=False)
    assert again.runs == comparison.runs and again.finished == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ranks": ["0"]}, "ranks=0"),
        ({"ranks": ["99"]}, "smallest adapted dimension, 64"),
        ({"targets": ["nothing"]}, "matches no linear layer"),
        ({"alpha-rule": ["twice"]}, "alpha='twice'"),
        ({"quantize": ["int3"]}, "quantize='int3'"),
        ({"metric": ["bits-per-byte"]}, "for classification it must be one of"),
        ({"text-column": ["words"]}, "words"),
        ({"train": ["missing.csv"]}, "missing.csv"),
        ({"task": ["typos"]}, "not both"),
        ({"task": [""]}, "not both"),
        ({"train": [""]}, "is a folder"),
        ({"model": [""]}, "model=''"),
        ({"metric": [""]}, "metric=''"),
        ({"steps": ["0"]}, "steps=0"),
        ({"epochs": ["0"]}, "epochs=0"),
        ({"length": ["0"]}, "length=0"),
        ({"learning-rate": ["0"]}, "learning_rates=0"),
        ({"scheduler": [""]}, "scheduler=''"),
        ({"jobs": ["0"]}, "jobs=0"),
        ({"max-minutes": ["-1"]}, "max-minutes"),
    ],
)
def test_bad_options_are_named_before_any_training(model, table, tmp_path, capsys, changes, words):
    given = {"model": [str(model)], "train": [str(table)], "out": [str(tmp_path)]} | changes
    arguments = [word for key, values in given.items() for word in (f"--{key}", *values)]
    assert main(["compare-ranks", "--quiet", *arguments]) == 2
    said = capsys.readouterr().err
    assert words in said and "Traceback" not in said
    assert not list(tmp_path.rglob("rank-*"))
