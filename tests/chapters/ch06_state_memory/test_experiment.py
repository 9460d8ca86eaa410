"""What a step leaves, to the byte; two steps watched; an optimizer's state by rank and type."""

from functools import partial

import pytest
from bitsandbytes.optim import AdamW8bit
from peft import LoraConfig, get_peft_model
from torch.optim import SGD, AdamW
from transformers import AutoConfig

from lora_course.chapters.ch06_state_memory import experiment, explorer, figure
from lora_course.chapters.ch06_state_memory.experiment import PHASES, STATE
from lora_course.core.layers import count_trainable
from lora_course.memory import StepSetting
from lora_course.memory.validation import real
from lora_course.models import BASE_MODEL
from lora_course.tasks.style import StyleShift

TASK = StyleShift()


def adapted(rank=8, model=None, **options):
    config = LoraConfig(r=rank, lora_alpha=16, target_modules="all-linear")
    return get_peft_model(model or TASK.model(), config, **options)


@pytest.fixture(scope="module")
def full():
    return TASK.model()


@pytest.fixture(scope="module")
def watched(full):
    lora = adapted()
    return {
        "foreach": experiment.two_steps(full, AdamW, foreach=True),
        "fused": experiment.two_steps(full, AdamW, fused=True),
        "zeroed": experiment.two_steps(full, AdamW, set_to_none=False, fused=True),
        "lora": experiment.two_steps(lora, AdamW, fused=True),
    }


def test_the_shipped_models_shape_is_its_own(full):
    assert experiment.SHIPPED.parameters() == sum(p.numel() for p in full.parameters())
    config = AutoConfig.from_pretrained(BASE_MODEL)
    assert experiment.SHIPPED.layers == config.num_hidden_layers
    trained = experiment.adapter(experiment.SHIPPED, 4)
    assert sum(p.numel() for p in trained) == count_trainable(adapted(4))


def test_bytes_of_a_step_depend_on_the_optimizer(full):
    adam, plain = experiment.one_step(full, AdamW), experiment.one_step(full, partial(SGD, lr=0.0))
    assert adam.frozen == 0
    assert adam.weights == adam.gradients == 4 * adam.n
    assert adam.trained == 16 * adam.n + 4 * adam.tensors
    assert plain.trained == 8 * plain.n and plain.state_each == 0  # the claim can fail


def test_types_of_base_and_adapter_are_each_their_own():
    fp32 = experiment.one_step(adapted(model=TASK.model().bfloat16()), AdamW)
    assert fp32.weights == 4 * fp32.n and fp32.trained == 16 * fp32.n + 4 * fp32.tensors
    assert fp32.frozen == 2 * experiment.SHIPPED.parameters()
    small = adapted(model=TASK.model().bfloat16(), autocast_adapter_dtype=False)
    bf16 = experiment.one_step(small, AdamW)
    assert bf16.weights == 2 * bf16.n and bf16.trained == 8 * bf16.n + 4 * bf16.tensors
    assert experiment.one_step(small, AdamW8bit).state_each == 8


@pytest.mark.parametrize(("rank", "low", "high"), [(8, 8, 8), (16, 5, 6), (32, 2, 2.1)])
def test_8_bits_come_with_size(rank, low, high):
    real_step = experiment.one_step(adapted(rank), AdamW8bit).state_each
    assert low <= real_step <= high
    counted = experiment.bytes_a_parameter(experiment.SHIPPED, rank, "adamw-8bit")
    assert counted[STATE] == real_step


def test_what_8_bits_save_of_a_step():
    assert 0 < experiment.saved_by_8_bits("Llama-3.1-8B", 16) < 0.01
    setting = {"precision": "nf4", "seq_length": 256}
    assert experiment.saved_by_8_bits("Llama-3.1-8B", 256, **setting) > 0.2


def test_when_state_and_gradients_are_held(watched):
    foreach, fused, zeroed = (watched[name] for name in ("foreach", "fused", "zeroed"))
    assert foreach.more(fused, "optimizer") == 4 and foreach.more(fused, "forward") == 0
    assert fused.later("forward") == fused.later("backward") == fused.state > 8 * fused.n
    assert zeroed.more(fused, "forward") == 4 and fused.more(fused, "forward") == 0
    assert watched["lora"].share_trained < 0.15 < fused.share_trained


def test_a_timeline_is_whole(watched):
    for run in watched.values():
        assert len(run.starts) == 2 * len(PHASES) + 1 and list(run.starts) == sorted(run.starts)
        assert run.starts[-1] == len(run.total) and min(min(of) for of in run.held.values()) >= 0
        most = max(run.most(phase, step) for phase in PHASES for step in (1, 2))
        assert run.peak == most == sum(run.at_peak().values())


def test_the_peak_is_the_allocators(watched):
    setting = StepSetting(precision="fp32", batch_size=2, seq_length=32, on_cpu=True)
    assert watched["lora"].peak == pytest.approx(real.peak_bytes(adapted(), setting), rel=1e-3)


def test_the_figure_says_its_peaks(watched):
    alt = figure.draw_timelines({"LoRA": watched["lora"], "full": watched["fused"]}).alt
    assert "LoRA: peak 8." in alt and "full: peak 16." in alt
    assert alt.count("step 2: forward up to") == 2 and "optimizer state 7.87" in alt


def test_the_explorer_opens_on_nothing_saved():
    shown = explorer.state_explorer()
    optimizer, rank, precision, model = shown.children[:4]
    assert "optimizer state: 8.000 bytes" in shown.view.value
    optimizer.value = "AdamW"
    assert "16.003 bytes a trained parameter, of 81,920: 1.31 MB" in shown.view.value
    precision.value = "bf16"
    assert "optimizer state: 4.003 bytes" in shown.view.value
    optimizer.value, rank.value, precision.value = "8-bit AdamW", 1, "fp32"
    model.value = "Llama-3.1-8B"
    assert "optimizer state: 2.181 bytes" in shown.view.value
    optimizer.value = "SGD"
    assert "optimizer state: 0.000 bytes" in shown.view.value
