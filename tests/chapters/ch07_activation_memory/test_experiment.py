"""What a model keeps, whether hand counts meet it, and where LoRA's peak passes full tuning's."""

from dataclasses import replace

import pytest
import torch
from peft import LoraConfig, get_peft_model
from torch import nn

from lora_course.chapters.ch07_activation_memory import (
    check_inputs,
    check_layer,
    comparison,
    experiment,
    figure,
)
from lora_course.chapters.ch07_activation_memory.comparison import Line, break_even
from lora_course.chapters.ch07_activation_memory.experiment import kept
from lora_course.chapters.ch07_activation_memory.explorer import peak_explorer
from lora_course.memory import StepSetting, estimate, full_tuning, lora_config

TYPES = {2: torch.bfloat16, 4: torch.float32}
SIZES = 50, 160, 96, 4  # tokens, d_out, d_in, rank


def layer(base_bytes, adapter_bytes, dropout=0.0):
    """PEFT's layer, in a model that takes its input by name."""
    tokens, d_out, d_in, rank = SIZES
    base = nn.Sequential(nn.Linear(d_in, d_out, dtype=TYPES[base_bytes]))
    config = LoraConfig(r=rank, target_modules=["0"], lora_dropout=dropout)
    model = get_peft_model(base, config, autocast_adapter_dtype=adapter_bytes == 4)
    x = torch.randn(tokens, d_in, dtype=TYPES[base_bytes], requires_grad=True)
    return model, {"input": x}


@pytest.mark.parametrize(("base_bytes", "adapter_bytes"), [(2, 4), (4, 4), (2, 2)])
def test_question_a_is_what_pefts_layer_keeps(base_bytes, adapter_bytes):
    bytes_each = base_bytes, adapter_bytes
    model, given = layer(*bytes_each)
    assert kept(model, given) == check_layer.right("LoRA", *SIZES, *bytes_each)
    plain = nn.Linear(*SIZES[2:0:-1], dtype=TYPES[base_bytes])
    assert kept(plain, given) == check_layer.right("full", *SIZES, *bytes_each)
    assert kept(plain.requires_grad_(False), given) == 0


def test_dropout_adds_a_mask_of_a_byte_a_number():
    tokens, _, d_in, _ = SIZES
    without, with_dropout = (kept(*layer(2, 4, rate)) for rate in (0.0, 0.1))
    assert with_dropout - without == tokens * d_in


@pytest.mark.parametrize(("fp32", "rate"), [(False, 0.0), (True, 0.0), (False, 0.1), (True, 0.1)])
def test_question_b_is_what_a_models_adapters_keep(fp32, rate):
    tokens = experiment.batch(1)
    config = LoraConfig(r=8, target_modules="all-linear", lora_dropout=rate)

    def bytes_kept(fp32, config):
        model = get_peft_model(experiment.shipped(), config, autocast_adapter_dtype=fp32)
        return kept(model, tokens)

    width, inner = 128, 384
    reads = {name: ["normed 1", width] for name in ("q", "k", "v")} | {
        "o": ["heads", width],
        "gate": ["normed 2", width],
        "up": ["normed 2", width],
        "down": ["product", inner],
    }

    def counted(adapter_bytes, rate):
        inputs = check_inputs.right(128, reads, 2, adapter_bytes, rate)
        if adapter_bytes == 2 and not rate:
            inputs -= 128 * width * 2  # attention keeps its output anyway
        # In the first block the input of q, k and v needs no gradient, so no mask.
        masks_unneeded = 3 * 128 * width if rate else 0
        return 4 * (inputs + 128 * 7 * 8 * adapter_bytes) - masks_unneeded

    plain = LoraConfig(r=8, target_modules="all-linear")
    measured = bytes_kept(fp32, config) - bytes_kept(False, plain)
    assert measured == counted(4 if fp32 else 2, rate) - counted(2, 0.0)


def test_what_full_tuning_keeps_over_bf16_adapters_is_for_norms_head_and_first_layer():
    tokens, width, config = 512, 128, LoraConfig(r=8, target_modules="all-linear")
    adapted = get_peft_model(experiment.shipped(), config, autocast_adapter_dtype=False)
    full, lora = (kept(model, experiment.batch(4)) for model in (experiment.shipped(), adapted))
    norms, head, ids = 9 * 2 * width, 2 * width, 8
    first = 4 * width + 4  # below the first adapter nothing needs a gradient: no fp32 norm
    assert full - lora == tokens * (norms + head + ids + first - 4 * 7 * 8 * 2)


def test_the_hand_count_can_fail():
    assert experiment.by_hand(512, 8) == 7_045_120 != experiment.by_hand(512, 9)


def test_the_whole_batch_counts():
    model = experiment.shipped()
    one, two = (kept(model, experiment.batch(sequences)) for sequences in (1, 2))
    assert two / one == pytest.approx(2, rel=0.01)
    assert kept(model.requires_grad_(False), experiment.batch(1)) == 0


def test_the_lines_cross_where_steps_take_the_same():
    lora, sequence = lora_config(8), StepSetting(seq_length=64)
    found = comparison.compare("SmolLM2-135M", lora, sequence)
    for share in (0.95, 1.05):
        setting = replace(sequence, batch_size=round(share * found.from_tokens / 64))
        full = full_tuning("SmolLM2-135M", setting).peak
        assert (estimate("SmolLM2-135M", lora, setting).peak > full) == (share > 1)


def test_lines_that_do_not_cross():
    assert break_even(Line(1, 2.0), Line(5, 2.0)) is None
    assert break_even(Line(1, 3.0), Line(5, 2.0)) == 4


def test_peaks_grow_and_bf16_adapters_take_least():
    peaks = experiment.peaks((1, 2))
    assert all(list(of) == [128, 256] and of[128] < of[256] for of in peaks.values())
    full, fp32, bf16 = peaks.values()
    assert all(bf16[tokens] < min(full[tokens], fp32[tokens]) for tokens in full)


def test_the_figure_says_every_bar_and_line():
    peaks = {"full tuning": {128: 10**7, 256: 2 * 10**7}, "fp32 adapters": {128: 9 * 10**6}}
    alt = figure.draw({"full tuning": 100, "a": 140, "b": 90}, peaks).alt
    assert "full tuning: 1.00; b: 0.90; a: 1.40" in alt
    assert "full tuning: from 10 MB at 128 tokens to 20 MB at 256" in alt


def test_the_comparison_says_where_lora_takes_more():
    found = comparison.compare("SmolLM2-135M", lora_config(8), StepSetting(seq_length=64))
    assert f"from {found.from_tokens:,.0f} tokens a step; this step has 64." in str(found)
    same = StepSetting(seq_length=64, adapter_precision="bf16")
    never = comparison.compare("SmolLM2-135M", lora_config(8), same)
    assert never.from_tokens is None and "whatever the length; this step has 64." in str(never)


def test_the_explorer_moves_activations_with_the_length_and_hardly_with_the_rank():
    explorer = peak_explorer()
    assert "activations 5.18 GB" in explorer.view.value and "6,302 tokens" in explorer.view.value
    assert "temporary 0 B" not in explorer.view.value
    explorer.controls["rank"].value = 256
    assert "activations 5.41 GB" in explorer.view.value
    explorer.controls["length"].value = 512
    assert "activations 1.35 GB" in explorer.view.value
    explorer.controls["adapter"].value = "bf16"
    explorer.controls["rank"].value = 8
    assert "whatever the length" in explorer.view.value
