"""Runs without files, for a notebook."""

from dataclasses import replace

import pytest

from lora_course.compare.run import read, run, run_in_process


def test_runs_here_are_those_of_a_comparison(settings):
    short = replace(settings, steps=3)
    runs = run_in_process(short, progress=False)
    assert [(one.rank, one.learning_rate, one.seed) for one in runs] == short.jobs()
    alone = run(short, 4, 1e-2, 1, read(short)[2])
    assert (runs[-1].score, runs[-1].curve) == (alone.score, alone.curve)


@pytest.mark.long
def test_a_4_bit_base_is_small_and_trains(settings):
    whole, small = (
        run_in_process(replace(settings, ranks=(2,), seeds=(0,), quantize=q), progress=False)[0]
        for q in ("none", "nf4")
    )
    assert small.memory_mb["weights"] < 0.8 * whole.memory_mb["weights"]
    assert small.trainable_params == whole.trainable_params
    assert abs(small.test_loss - whole.test_loss) < 0.1
