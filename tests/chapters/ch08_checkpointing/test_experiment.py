"""Bytes, FLOPs and gradients of checkpointed steps; segments of blocks."""

import pytest
import torch
from peft import LoraConfig
from torch.utils.checkpoint import set_checkpoint_early_stop
from torch.utils.flop_counter import FlopCounterMode

from lora_course.chapters.ch08_checkpointing import chain, experiment
from lora_course.chapters.ch08_checkpointing.explorer import (
    LAYERS,
    LENGTHS,
    RATIOS,
    course,
    segment_explorer,
)
from lora_course.chapters.ch08_checkpointing.figure import draw_segments, draw_steps

LORA = LoraConfig(r=2, lora_dropout=0.1, target_modules="all-linear", init_lora_weights=False)


def steps_of(adapter, early_stop=True, **options):
    model, tokens = experiment.language_model(adapter, layers=6), experiment.some_tokens()
    plain = experiment.step(model, tokens)
    model.activation_checkpointing_enable(**options)
    with set_checkpoint_early_stop(early_stop):
        return {("x", False): plain, ("x", True): experiment.step(model, tokens)}


@pytest.mark.parametrize("adapter", [LORA, None])
def test_fewer_bytes_more_operations_the_same_gradients(adapter):
    steps = steps_of(adapter)
    cost = experiment.cost(steps, "x")
    assert cost.saved > 1.3 and 1.2 < cost.flops < 1.5 and cost.unequal == 0
    half = experiment.cost(steps_of(adapter, every_n_layers=2), "x")
    # With LoRA the first layer's input now asks for a gradient, too, whoever is checkpointed.
    assert half.flops - 1 == pytest.approx((cost.flops - 1) / 2, rel=0.05)
    assert half.saved < cost.saved and half.unequal == 0
    assert "times the FLOPs" in draw_steps(steps).alt


def test_dropout_keeps_more():
    plain = LoraConfig(r=2, target_modules="all-linear", init_lora_weights=False)
    with_dropout, without = (steps_of(adapter)["x", False].held for adapter in (LORA, plain))
    assert with_dropout > 1.3 * without


def test_full_tuning_stops_before_a_layers_last_product():
    early, late = (experiment.cost(steps_of(None, stop), "x").flops for stop in (True, False))
    down = 2 * experiment.WIDTH * 3 * experiment.WIDTH * experiment.some_tokens().numel()
    plain = steps_of(None)["x", False].flops
    assert (late - early) * plain == pytest.approx(6 * down) and early < late < 4 / 3


def test_operations_are_those_that_torch_counts():
    model, tokens = experiment.language_model(layers=2), experiment.some_tokens()
    model.set_attn_implementation("eager")  # torch's counter does not know a CPU's fused one
    model.activation_checkpointing_enable()
    ours = experiment.step(model, tokens).flops
    with FlopCounterMode(display=False) as counter:
        model(input_ids=tokens, labels=tokens).loss.backward()
    assert counter.get_total_flops() == ours


def test_a_difference_is_seen():
    plain = experiment.seeds(LORA, experiment.some_tokens())
    assert experiment.unequal(plain, plain) == 0 and experiment.off(plain, plain) == 0
    assert experiment.unequal(plain, plain[1:] + plain[:1]) == 3 * (1 + len(plain[0].gradients))
    again = experiment.seeds(LORA, experiment.some_tokens(), use_reentrant=False)
    assert experiment.unequal(plain, again) == 0


def test_gradients_that_are_none():
    assert chain.missing(reentrant=True) == 12 and chain.missing(reentrant=False) == 0


def test_bytes_by_segment_length_are_boundaries_and_insides():
    blocks, x = chain.blocks(12), chain.some_rows()
    held = chain.held_in_segments(blocks, x, (1, 2, 3, 4))
    boundary, inside = x.nbytes, chain.kept_inside(blocks[1], x)
    above = {k: size - 12 // k * boundary - k * inside for k, size in held.items()}
    # What passes by in a block's backward pass is the same for all.
    assert max(above.values()) - min(above.values()) < 0.05 * boundary
    assert all(parameter.grad is None for parameter in blocks.parameters())
    assert "√L = 3.46" in draw_segments(held, boundary, inside, 12).alt


def test_what_a_block_keeps_is_counted_once():
    linear = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.ReLU(), torch.nn.Linear(8, 8))
    assert chain.kept_inside(linear, torch.randn(5, 8)) == 2 * 5 * 8 * 4


def test_the_explorers_course_and_words():
    assert all(layers % length == 0 for layers in LAYERS for length in LENGTHS)
    for layers, ratio, length in ((12, 3, 2), (36, 5, 3), (24, 1, 4)):
        moments = course(layers, ratio, length)
        assert moments[0] == moments[-1] == 0 and min(moments) == 0
        assert max(moments) == layers // length + length * ratio
    explorer = segment_explorer()
    assert "k = 3 takes 27" in explorer.view.value
    explorer.controls["length"].value = 3
    assert "the best length here" in explorer.view.value
    assert RATIOS[0] == 1


def test_a_large_models_step():
    large = experiment.llama_8b(rank=8, length=256)
    assert large.inside > 20 and 0.5 < large.peak < 1 and 1.4 < large.flops < 1.5
