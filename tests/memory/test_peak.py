"""The traced peak of a step against what the CPU allocator really holds."""

import gc
import re
from dataclasses import replace
from importlib.metadata import version

import pytest
import torch
from peft import LoraConfig
from torch import nn

from lora_course.memory import StepSetting, estimate, lora_config
from lora_course.memory.closed_form import estimate_model_memory
from lora_course.memory.inexact import RECURRENT
from lora_course.memory.internals import InternalsMovedError
from lora_course.memory.trace.peak import StorageLog
from lora_course.memory.trace.step import KINDS, TraceError
from lora_course.memory.validation import measure, real
from lora_course.memory.validation.decoders import DECODERS
from lora_course.memory.validation.families import EVERY, FAMILIES
from tests.conftest import ROOT

CONFIG, LORA = FAMILIES["Llama"].config, lora_config(8)
WITHIN = 1e-3


def error(family, case):
    config, setting = FAMILIES[family].config, measure.SETTINGS[case]
    truth = real.peak_bytes(real.build(config, LORA, setting), setting)
    return abs(estimate(config, LORA, setting).peak / truth - 1)


@pytest.mark.parametrize("case", ["fp32", "fp32, checkpointing", "bf16, adapter bf16", "nf4"])
def test_the_peak_is_the_allocators(case):
    assert error("Llama", case) < WITHIN


@pytest.mark.long
@pytest.mark.parametrize("family", FAMILIES)
def test_the_peak_is_the_allocators_everywhere(family):
    pairs = list(measure.peaks([family]))
    assert len(pairs) >= 2
    assert [pair for pair in pairs if pair.error > WITHIN] == []


@pytest.mark.long
@pytest.mark.parametrize("family", measure.MORE_ON)
def test_the_peak_is_the_allocators_with_dropout_in_chunks_and_in_an_evaluation(family):
    pairs = list(measure.more_peaks([family]))
    assert len(pairs) == (6 if family in DECODERS else 4)
    assert [pair for pair in pairs if pair.error > WITHIN] == []


@pytest.mark.parametrize(
    ("family", "target", "marked"),
    [("Mamba", "in_proj", True), ("Qwen3.5, text", "q_proj", True), ("Llama", "q_proj", False)],
)
def test_recurrent_layers_are_marked(family, target, marked):
    lora = lora_config(4, [target])
    told = estimate(EVERY[family].config, lora, StepSetting(seq_length=8)).inexact
    assert (RECURRENT in told) == marked


# Masks that a model makes itself, labels looked at, layers skipped by chance, a start put off,
# spectra under the name of waves.
ASK_FOR_VALUES = {
    "BART": {"target_modules": ["q_proj", "v_proj"]},
    "DeBERTa-v2": {"target_modules": ["query_proj"], "task_type": "SEQ_CLS"},
    "wav2vec 2.0, sequences": {"target_modules": ["q_proj", "v_proj"]},
    "Llama": {"target_modules": ["q_proj"], "kasa_config": {}},
    "AST": {"target_modules": "all-linear"},
}


@pytest.mark.long
@pytest.mark.parametrize("family", ASK_FOR_VALUES)
def test_what_a_model_asks_values_for_is_traced_as_it_is(family):
    config, lora = EVERY[family].config, LoraConfig(r=8, **ASK_FOR_VALUES[family])
    if "wav2vec" in family:
        config = config | {"layerdrop": 0.0}  # a real step that skips none
    setting = replace(measure.STEP, batch_size=4, seq_length=128)
    truth = real.peak_bytes(real.build(config, lora, setting), setting)
    assert abs(estimate(EVERY[family].config, lora, setting).peak / truth - 1) < WITHIN


def peak(**changes):
    return estimate(CONFIG, LORA, replace(measure.STEP, **changes))


def test_kinds_add_up_and_follow_the_setting():
    plain = peak()
    assert set(plain.held) <= set(KINDS) and sum(plain.held.values()) == plain.peak
    assert plain.held["adapter"] == 4 * plain.count.trainable
    moments = plain.held["optimizer"] - 8 * plain.count.trainable
    assert 0 <= moments < 1000  # each tensor's step counter
    half = peak(batch_size=4)
    assert half.held["activations"] == pytest.approx(plain.held["activations"] / 2, rel=0.02)
    assert half.held["weights"] == plain.held["weights"]
    kept = peak(checkpointing=True)
    assert kept.held["activations"] < plain.held["activations"] / 5
    assert peak(keep_logits=True).held["logits"] > plain.held["logits"]
    assert peak(padded=True).peak > plain.peak
    assert peak(attention="eager").peak > plain.peak


def test_no_mask_is_made_where_no_row_is_padded():
    # A mask would hold batch × tokens² values: it would show at long sequences.
    long, short = (peak(batch_size=1, seq_length=n).held["activations"] for n in (1024, 512))
    assert long < 2.02 * short


def test_int8_is_marked_as_not_traced():
    told = peak(precision="int8")
    assert any("not counted" in one.reason for one in told.inexact)
    assert told.held["weights"] < peak(precision="bf16").held["weights"]


def test_the_log_counts_storages_once_and_until_they_are_gone():
    gc.disable()
    try:
        with StorageLog() as log:
            first = torch.ones(1000)  # 4,000 bytes
            view = first[:10]
            second = first + 1  # 4,000 more
            del first
            third = torch.cat([second, second])  # 8,000: with the view's storage 16,000
            del view, second, third
    finally:
        gc.enable()
    assert log.peak() == {"temporary": 16_000}


def test_a_copy_that_the_cpu_makes_is_counted_there_alone():
    wide, narrow = torch.ones(1000), torch.ones(1000, dtype=torch.bfloat16)
    for on_cpu, size in ((False, 4000), (True, 8000)):
        with StorageLog(on_cpu=on_cpu) as log:
            wide.add(narrow)
        assert sum(log.peak().values()) == size


def test_moved_internals_are_an_error_not_a_wrong_number(monkeypatch):
    from transformers import masking_utils

    monkeypatch.delattr(masking_utils, "find_packed_sequence_indices")
    with pytest.raises(InternalsMovedError, match="a mask would be counted that is never made"):
        peak()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("transformers.quantizers.base", "get_keys_to_not_convert"),
        ("transformers.quantizers.quantizers_utils", "should_convert_module"),
        ("transformers.integrations.bitsandbytes", "replace_with_bnb_linear"),
        ("transformers.modeling_utils", "PreTrainedModel._get_dtype_plan"),
    ],
)
def test_each_inside_that_is_relied_on_is_missed_out_loud(monkeypatch, module, name):
    monkeypatch.delattr(f"{module}.{name}")
    with pytest.raises(InternalsMovedError, match=name.rpartition(".")[2]):
        peak(precision="nf4")


def test_transformers_is_left_as_it_was():
    from transformers import masking_utils

    before = masking_utils.find_packed_sequence_indices
    peak()
    assert masking_utils.find_packed_sequence_indices is before


def test_a_model_that_cannot_be_traced_says_so(monkeypatch):
    from transformers import LlamaForCausalLM

    def forward(self, input_ids, **rest):
        return nn.functional.one_hot(input_ids).sum().item()  # asks a fake tensor for its value

    monkeypatch.setattr(LlamaForCausalLM, "forward", forward)
    with pytest.raises(TraceError, match=r"LlamaForCausalLM cannot be traced.*--counts"):
        estimate(CONFIG, LORA, StepSetting(seq_length=8))


def test_what_the_document_says_of_surprises():
    small = estimate_model_memory("Llama-3.2-1B", 8)
    scores = 3 * 4 * 2048 * 128_256 / 1e6
    assert scores > small["base_weights_mb"] and small["logits_mb"] == pytest.approx(scores * 2 / 3)
    plain = peak(precision="bf16").held["activations"]
    assert peak(precision="bf16", autocast=True).held["activations"] < plain
    dropped = estimate(CONFIG, lora_config(8, lora_dropout=0.1), replace(measure.STEP))
    assert dropped.held["activations"] > 1.2 * peak().held["activations"]
    chunked = peak(loss_chunk=256, eval_batch_size=8)
    assert chunked.peak < peak().peak and chunked.held.get("logits", 0) < peak().held["logits"]
    assert peak(precision="bf16", adapter_precision="bf16").held["activations"] < plain


def test_the_document_holds_the_validation_of_the_packages_here():
    document = (ROOT / "docs" / "memory.md").read_text(encoding="utf-8")
    for package in ("torch", "transformers", "peft", "bitsandbytes"):
        assert f"{package} {version(package)}" in document, (
            "python -m lora_course.memory.validation"
        )
    equal = re.findall(r"(\d+) of (\d+) equal", document)
    assert len(equal) == 3 and all(found == of for found, of in equal)
    assert int(equal[0][1]) >= 100


def test_a_timeline_has_every_moment_and_its_fullest_is_the_peak():
    log = StorageLog(lambda tensor: "made")
    kept = torch.zeros(10)
    log.hold([kept], "kept")
    with log:
        first = kept + 1
        second = first * 2
        del first
        third = second.repeat(3)
        del second, third
    assert log.timeline() == {
        "kept": [40, 40, 40, 40, 40, 40, 40],
        "made": [0, 40, 80, 40, 160, 120, 0],
    }
    assert log.moment == 7 and log.peak() == {"kept": 40, "made": 160}
    assert StorageLog().timeline() == {}
