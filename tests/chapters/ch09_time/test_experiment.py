"""FLOPs by hand and counted, calls, times in turns, and what draws them."""

import pytest
from peft import LoraConfig, get_peft_model

from lora_course.chapters.ch09_time import clock, experiment
from lora_course.chapters.ch09_time.clock import Seconds
from lora_course.chapters.ch09_time.explorer import flops_explorer
from lora_course.chapters.ch09_time.figure import draw
from lora_course.chapters.ch09_time.flops import break_even, by_hand
from lora_course.memory import StepSetting, estimate, lora_config
from lora_course.models.architectures import MODELS

WIDTH = 32


def lora(model, r=4, **more):
    config = LoraConfig(r=r, lora_alpha=16, target_modules=experiment.LINEAR, **more)
    return get_peft_model(model, config)


@pytest.fixture(scope="module")
def tokens():
    return experiment.random_tokens(sequences=2, length=16)


@pytest.fixture(scope="module")
def models():
    kinds = {"LoRA": {}, "DoRA": {"use_dora": True}, "upper half": {"layers_to_transform": [1]}}
    return experiment.models(lora, kinds, WIDTH)


@pytest.mark.parametrize("length", [8, 64])
@pytest.mark.parametrize("rank", [None, 1, 16])
def test_what_is_counted_is_what_is_computed_by_hand(rank, length):
    tokens = experiment.random_tokens(sequences=2, length=length)
    model = experiment.base(WIDTH)
    model = model if rank is None else lora(model, r=rank)
    assert experiment.count(model, tokens) == experiment.hand(WIDTH, tokens, rank)


def test_the_trace_of_a_large_model_agrees_with_the_hand():
    setting = StepSetting(attention="eager", batch_size=2, seq_length=256)
    traced = estimate("Llama-3.2-1B", lora_config(8), setting).step.flops
    assert traced == by_hand(MODELS["Llama-3.2-1B"], 2, 256, 8).total
    assert experiment.share_1b(256) < experiment.share_1b(2048) < 1


def test_at_break_even_an_adapter_costs_what_it_spares():
    assert break_even(96, 96) == 16 and break_even(288, 96) == 24
    shape = experiment.shape(96)
    full, low, high = (by_hand(shape, 1, 32, rank).total for rank in (None, 16, 64))
    assert low < full < high


def test_kinds_of_training_and_their_flops(models, tokens):
    full, of_lora, dora, upper, again = (experiment.count(m, tokens) for m in models.values())
    assert list(models) == ["full tuning", "LoRA", "DoRA", "upper half", "checkpointing"]
    assert upper < of_lora < dora and of_lora < full
    assert 1.2 < again / of_lora < 1.6


def test_frozen_weights_are_shared_and_full_tunings_are_its_own(models, tokens):
    def first(kind):
        weights = models[kind].state_dict()
        return next(weights[name] for name in weights if name.endswith("q_proj.base_layer.weight"))

    shared = first("LoRA").data_ptr()
    assert first("DoRA").data_ptr() == first("checkpointing").data_ptr() == shared
    own = [parameter.data_ptr() for parameter in models["full tuning"].parameters()]
    assert shared not in own
    before = first("LoRA").clone()
    clock.steps(models, tokens, rounds=1)
    assert first("LoRA").equal(before)
    assert all(parameter.requires_grad for parameter in models["full tuning"].parameters())


def test_calls_are_counted_and_an_adapter_adds_some(models, tokens):
    full, of_lora, dora, upper, _ = (experiment.calls(m, tokens) for m in models.values())
    assert 1.2 * full < of_lora < dora and upper < of_lora
    assert experiment.calls(models["LoRA"], tokens) == of_lora


def test_a_forward_pass_with_adapters_merged_or_kept(tokens):
    used = experiment.used(lora, WIDTH)
    plain, unmerged, merged, dora, kept = experiment.forward_flops(used, tokens[:1, :1])
    assert plain == merged < unmerged == kept < dora
    said = clock.lines(clock.forwards(used, tokens[:1, :1], rounds=2)).splitlines()
    assert len(said) == 5 and said[0].startswith("base ") and "time × 1.00" in said[0]


def test_turns_leave_the_warm_up_out_and_begin_with_each_in_turn():
    order = []

    def measure(name):
        return lambda: order.append(name) or len(order)

    taken = clock.turns({name: measure(name) for name in "abc"}, rounds=2, warm_up=1)
    assert "".join(order) == "abcbcacab"
    assert taken == {"a": [6, 8], "b": [4, 9], "c": [5, 7]}


def test_ratios_are_taken_round_by_round():
    times = {"a": [1.0, 10.0, 2.0], "b": [2.0, 20.0, 2.0]}
    spread = clock.over_the_first(times)["b"]
    assert (spread.low, spread.median, spread.high) == (1.5, 2, 2)
    assert str(spread) == "2.00 (half of the rounds: 1.50 to 2.00)"


def test_the_figure_and_the_table_say_what_was_measured():
    seconds = {
        "full tuning": [Seconds(0.01, 0.02, 0.01)] * 3,
        "LoRA": [Seconds(0.02, 0.02, 0.0), Seconds(0.02, 0.03, 0.01), Seconds(0.01, 0.01, 0.0)],
    }
    flops = {96: {"full tuning": 300, "LoRA": 450}}
    alt = draw(flops, {96: seconds}).alt
    assert "width 96, LoRA: FLOPs 1.50, time 1.00 (0.75 to 1.25)" in alt
    head, full, adapted = clock.table(seconds, 100).splitlines()
    assert head.split()[-3:] == ["backward", "optimizer", "tokens/s"]
    assert full.split()[-4:] == ["10.0", "20.0", "10.0", "2,500"]
    assert adapted.split()[-4:] == ["20.0", "20.0", "0.0", "2,500"]


def test_the_explorer_opens_where_lora_costs_more_and_says_what_it_saves():
    explorer = flops_explorer()
    width, rank, length = explorer.children[:3]
    assert "costs" in explorer.view.value and "rank 21.33" in explorer.view.value
    width.value, rank.value = 4096, 8
    assert "saves 33%" in explorer.view.value
    length.value = 32_768
    assert "saves 1" in explorer.view.value and "LoRA, r = 8, attention" in explorer.view.value
