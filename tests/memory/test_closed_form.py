import subprocess
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from lora_course.core.layers import adapt, count_trainable
from lora_course.memory.closed_form import (
    WEIGHT_BYTES,
    estimate_lora_params,
    estimate_model_memory,
    estimate_training_memory,
    print_memory_table,
)
from lora_course.memory.fields import decoder_fields
from lora_course.models.architectures import MODELS, TARGETS, Decoder

DIMS = st.integers(1, 64)


@given(d_out=DIMS, d_in=DIMS, layers=st.integers(1, 4), data=st.data())
def test_count_equals_that_of_a_real_adapted_model(d_out, d_in, layers, data):
    rank = data.draw(st.integers(1, min(d_out, d_in)))
    model = nn.Sequential(*(nn.Linear(d_in, d_out) for _ in range(layers)))
    assert estimate_lora_params((d_out, d_in), rank, layers) == count_trainable(adapt(model, rank))


def test_several_targets_and_square_layers():
    assert estimate_lora_params(4096, 16) == 32 * 16 * 2 * 4096
    both = {"q": (8, 4), "v": (2, 4)}
    assert estimate_lora_params(both, 2, 3) == 3 * 2 * (8 + 4 + 2 + 4)


def test_known_counts():
    # Llama-3.1-8B, rank 16 on all linear layers; Llama-3.2-3B, rank 32 on query and value, as
    # PEFT's method comparison reports it.
    assert estimate_model_memory("Llama-3.1-8B", 16)["lora_params"] == 41_943_040
    assert estimate_model_memory("Llama-3.2-3B", 32, "query and value")["lora_params"] == 9_175_040


def llama_config(shape, **extra):
    from transformers import LlamaConfig

    return LlamaConfig(**decoder_fields(shape), use_cache=False, **extra)


@pytest.mark.parametrize("name", MODELS)
def test_presets_have_the_size_of_the_real_architecture(name):
    from transformers import LlamaForCausalLM

    with torch.device("meta"):
        model = LlamaForCausalLM(llama_config(MODELS[name]))
    assert sum(p.numel() for p in model.parameters()) == MODELS[name].parameters()


@pytest.mark.parametrize("targets", TARGETS)
@pytest.mark.parametrize("adapter", ["fp32", "bf16"])
def test_activations_are_within_five_percent_of_what_autograd_saves(targets, adapter):
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaForCausalLM

    shape = Decoder(128, 352, 6, 4, 2, 512, head_dim=32)
    torch.manual_seed(0)
    config = llama_config(shape, attn_implementation="sdpa")
    model = LlamaForCausalLM(config).to(torch.bfloat16)
    lora = LoraConfig(r=8, target_modules=list(TARGETS[targets]))
    model = get_peft_model(model, lora, autocast_adapter_dtype=adapter == "fp32")
    ids = torch.randint(0, shape.vocab, (2, 64))
    known = {p.untyped_storage().data_ptr() for p in model.parameters()}
    saved: dict[int, int] = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = model(input_ids=ids, labels=ids).loss
    measured = sum(saved.values()) / 1e6
    estimate = estimate_model_memory(
        shape, 8, targets, batch_size=2, seq_length=64, adapter_precision=adapter
    )["activations_mb"]
    assert loss.isfinite()
    assert estimate == pytest.approx(measured, rel=0.05)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_optimizer_and_gradients_equal_the_real_ones(dtype):
    model = adapt(nn.Sequential(nn.Linear(32, 32), nn.Linear(32, 32)).to(dtype), 4)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3)
    model(torch.randn(3, 32, dtype=dtype)).float().sum().backward()
    optimizer.step()
    moments = sum(
        state[key].nbytes for state in optimizer.state.values() for key in ("exp_avg", "exp_avg_sq")
    )
    precision = {torch.float32: "fp32", torch.bfloat16: "bf16"}[dtype]
    figures = estimate_training_memory(4, 32, 2, adapter_precision=precision)
    assert figures["optimizer_mb"] * 1e6 == moments
    assert figures["gradients_mb"] * 1e6 == sum(p.grad.nbytes for p in parameters)
    assert figures["adapter_mb"] * 1e6 == sum(p.nbytes for p in parameters)


def test_the_seeds_keys_and_what_they_depend_on():
    figures = estimate_training_memory(16)
    assert figures["rank"] == 16
    assert figures["compression_vs_full"] == 4096 / 32
    assert figures["optimizer_mb"] == 8 * figures["lora_params"] / 1e6
    parts = [figures[key] for key in figures if key.endswith("_mb") and key != "total_mb"]
    assert figures["total_mb"] == pytest.approx(sum(parts))
    more = estimate_training_memory(16, batch_size=8)
    longer = estimate_training_memory(16, seq_length=1024)
    assert more["activations_mb"] == longer["activations_mb"] == 2 * figures["activations_mb"]
    by_precision = [estimate_training_memory(16, precision=p) for p in WEIGHT_BYTES]
    assert len({f["base_weights_mb"] for f in by_precision}) == len(WEIGHT_BYTES) - 1
    assert len({f["optimizer_mb"] for f in by_precision}) == 1


def test_four_bit_weights_take_4_127_bits():
    assert 8 * WEIGHT_BYTES["nf4"] == pytest.approx(4.127, abs=5e-4)


def test_table_shows_every_rank_with_units(capsys):
    print_memory_table()
    lines = capsys.readouterr().out.splitlines()
    assert [int(line.split()[0]) for line in lines[1:]] == [4, 8, 16, 32, 64]
    assert all(line.count(" MB") == 3 and line.endswith("x") for line in lines[1:])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"rank": 0}, ["rank=0", "at least 1"]),
        ({"rank": -3}, ["rank=-3", "at least 1"]),
        ({"rank": 2.5}, ["rank=2.5", "whole number"]),
        ({"rank": True}, ["rank=True", "whole number"]),
        ({"rank": 65, "layer_dim": 64}, ["rank=65", "64×64", "1 to 64"]),
        ({"rank": 4, "layer_dim": {}}, ["layer_dim", "at least one"]),
        ({"rank": 4, "layer_dim": {"q": 7}}, ["layer_dim['q']=7", "(d_out, d_in)"]),
        ({"rank": 4, "num_layers": 0}, ["num_layers=0"]),
        ({"rank": 4, "precision": "fp8"}, ["precision='fp8'", "'nf4'"]),
        ({"rank": 4, "adapter_precision": "int8"}, ["adapter_precision='int8'", "'fp32'"]),
        ({"rank": 4, "batch_size": 0}, ["batch_size=0"]),
        ({"rank": 4, "seq_length": 1.5}, ["seq_length=1.5"]),
    ],
)
def test_bad_arguments_are_named_with_what_is_allowed(arguments, words):
    with pytest.raises(ValueError) as caught:
        estimate_training_memory(**arguments)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"model": "GPT-9"}, ["model='GPT-9'", "Llama-3.1-8B"]),
        ({"targets": "everything"}, ["targets='everything'", "'all linear'"]),
        ({"targets": ["q_proj", "c_attn"]}, ["targets='c_attn'", "'q_proj'"]),
        ({"targets": []}, ["targets=[]", "q_proj"]),
        ({"rank": 2000}, ["rank=2000", "k_proj", "1024"]),
    ],
)
def test_bad_models_and_targets(arguments, words):
    with pytest.raises(ValueError) as caught:
        estimate_model_memory(**({"model": "Llama-3.1-8B", "rank": 4} | arguments))
    assert all(word in str(caught.value) for word in words)


def test_estimators_import_no_torch():
    code = (
        "import sys, lora_course, lora_course.memory.closed_form as e;"
        "e.estimate_training_memory(8);"
        "e.estimate_model_memory('Llama-3.1-8B', 8); e.estimate_lora_params(64, 8);"
        "sys.exit(any(m in sys.modules for m in ('torch', 'numpy', 'matplotlib', 'transformers')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
