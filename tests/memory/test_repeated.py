"""A step extended from a few layers is that of all of them, to the byte."""

from dataclasses import replace

import pytest

from lora_course.memory import StepSetting, load_config, lora_config
from lora_course.memory.estimates import estimate, step_of
from lora_course.memory.meta import adapted_model, base_model
from lora_course.memory.trace.repeated import repeated_layers
from lora_course.memory.validation.families import FAMILIES

SHORT = StepSetting(batch_size=2, seq_length=64)
SETTINGS = {
    "plain": SHORT,
    "checkpointing": replace(SHORT, checkpointing=True),
    "nf4, autocast": replace(SHORT, precision="nf4", autocast=True),
    "one token": replace(SHORT, batch_size=1, seq_length=1),
    "8-bit AdamW, evaluation": replace(SHORT, optimizer="adamw-8bit", eval_batch_size=8),
    "loss in chunks": replace(SHORT, loss_chunk=16, checkpointing=True, autocast=True),
    "eager, padded, logits kept": replace(SHORT, attention="eager", padded=True, keep_logits=True),
    "Adafactor on a CPU": replace(SHORT, precision="fp32", optimizer="adafactor", on_cpu=True),
    "int8": replace(SHORT, precision="int8", adapter_precision="bf16"),
}
# A rank so high that gradients outweigh activations: the fullest moment lies elsewhere.
ADAPTERS = {"rank 8": lora_config(8, lora_dropout=0.05), "rank 300": lora_config(300)}
QUICK = ("plain", "one token")


def cases():
    for name in SETTINGS:
        for model in ("SmolLM2-135M", "GPT-2"):
            quick = name in QUICK and model == "SmolLM2-135M"
            yield pytest.param(model, name, marks=[] if quick else [pytest.mark.long])


@pytest.mark.parametrize(("model", "name"), cases())
@pytest.mark.parametrize("lora", ADAPTERS.values(), ids=ADAPTERS)
def test_two_short_traces_tell_what_a_long_one_does(model, name, lora):
    config, setting = load_config(model), SETTINGS[name]
    extended = step_of(config, lora, setting, config.num_hidden_layers)
    traced = step_of(config, lora, setting, 0)
    assert extended.held == traced.held
    assert (extended.flops, extended.forward_flops) == (traced.flops, traced.forward_flops)
    assert extended.evaluation == traced.evaluation
    assert (extended.layers, traced.layers) == (config.num_hidden_layers, 0)


def layers(config, lora):
    return repeated_layers(adapted_model(base_model(config), lora), load_config(config))


def test_layers_that_differ_are_all_traced():
    all_alike, config = lora_config(8, ["q_proj"]), FAMILIES["Llama"].config
    long = config | {"num_hidden_layers": 16}
    assert layers(long, all_alike) == 16
    assert layers(config, all_alike) == 0, "three layers: nothing to gain"
    assert layers(long, lora_config(8, ["q_proj"], layers_to_transform=[3])) == 0
    assert (
        layers(long, lora_config(8, ["q_proj"], rank_pattern={r"layers\.1\.self_attn\.q_proj": 4}))
        == 0
    )
    assert layers("Gemma-3-270M", all_alike) == 0, "windows and whole attention in turn"
    assert layers("DeepSeek-V3", lora_config(8, ["o_proj"])) == 0, "the first layers are dense"


def test_an_estimate_says_that_it_was_extended():
    assert estimate("SmolLM2-135M", lora_config(8), SHORT).step.layers == 30
