"""What the chapter counts: on small models, and against PEFT's own rule and files."""

import random
import re
import warnings
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from peft.tuners.tuners_utils import check_target_module_exists
from transformers import LlamaConfig, LlamaForCausalLM

from lora_course.chapters.ch05_counting_parameters import check_bytes, check_count, check_reach
from lora_course.chapters.ch05_counting_parameters.experiment import (
    ADAPTER_BYTES,
    PARTS,
    SAVED,
    SEVEN,
    WAYS,
    by_targets,
    counted,
    part_of,
    warnings_naming,
)
from lora_course.chapters.ch05_counting_parameters.explorer import count_explorer
from lora_course.chapters.ch05_counting_parameters.figure import draw_files
from lora_course.display.predict import Prediction
from lora_course.memory import count_parameters, lora_config
from lora_course.memory.fields import decoder_fields
from lora_course.models.architectures import MODELS, TARGETS

ALL = {"r": 16, "target_modules": "all-linear"}


def small(tied: bool) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=96, hidden_size=32, intermediate_size=80, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, head_dim=8, tie_word_embeddings=tied,
    )  # fmt: skip


@pytest.mark.parametrize("saved", SAVED)
@pytest.mark.parametrize("tied", [False, True])
def test_a_file_on_disk_holds_the_bytes_that_the_question_asks_for(tmp_path, saved, tied):
    config = LoraConfig(r=4, target_modules="all-linear", **SAVED[saved])
    expected = count_parameters(small(tied), config)
    adapted = get_peft_model(LlamaForCausalLM(small(tied)).to(torch.bfloat16), config)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of embeddings that are tied
        adapted.save_pretrained(tmp_path)
    path = Path(tmp_path, "adapter_model.safetensors")
    length = path.stat().st_size
    assert adapted.get_nb_trainable_parameters()[0] == expected.trainable
    assert length == expected.file_bytes
    header = 8 + int.from_bytes(path.read_bytes()[:8], "little")
    numbers = count_parameters(small(tied), lora_config(4)).trainable
    whole = SAVED[saved].get("modules_to_save", ())
    tokens = len(SAVED[saved].get("trainable_token_indices", ()))
    assert length - header == check_bytes.right(numbers, 96, 32, whole, tokens, 2)


def test_tied_embeddings_can_train_as_one_and_are_saved_as_two():
    both = count_parameters(small(tied=True), LoraConfig(**ALL, **SAVED["+ both"]))
    config = LoraConfig(**ALL, **SAVED["+ both"], ensure_weight_tying=True)
    one = count_parameters(small(tied=True), config)
    assert both.trainable - one.trainable == 96 * 32
    assert one.file_bytes == both.file_bytes


@pytest.mark.parametrize("model", ["Llama-3.1-8B", "Llama-2-7B"])
@pytest.mark.parametrize("kind", TARGETS)
def test_the_question_counts_as_peft_does(model, kind):
    config = decoder_fields(MODELS[model])
    names = list(TARGETS[kind])
    assert (
        check_count.right(config, 8, names)
        == count_parameters(model, LoraConfig(r=8, target_modules=names)).trainable
    )


def test_the_question_reaches_what_peft_reaches():
    for seed in range(20):
        draws = random.Random(seed)
        for modules, targets in (check_reach._fused(draws), check_reach._separate(draws)):
            config = LoraConfig(target_modules=targets)
            reached = [name for name in modules if check_target_module_exists(config, name)]
            assert check_reach.right(modules, targets)["adapted"] == reached
            for target in targets:
                alone = LoraConfig(target_modules=[target])
                idle = not any(check_target_module_exists(alone, name) for name in modules)
                assert (target in check_reach.right(modules, targets)["idle"]) == idle


@pytest.mark.parametrize(
    ("module", "part"),
    [
        ("model.layers.0.self_attn.k_proj", "attention"),
        ("model.layers.0.mlp.gate_proj", "MLP"),
        ("model.layers.0.mlp.gate", "router"),
        ("model.layers.0.mlp.experts.base_layer", "experts"),
        ("model.embed_tokens", "embeddings"),
        ("lm_head", "head"),
    ],
)
def test_each_module_belongs_to_a_part(module, part):
    assert part_of(module) == part and part in PARTS


def test_what_is_saved_whole_counts_two_bytes_and_all_else_four():
    alone, tokens, embeddings, both = (
        counted("Llama-3.2-1B", LoraConfig(**ALL, **more)) for more in SAVED.values()
    )
    matrix = MODELS["Llama-3.2-1B"].vocab * MODELS["Llama-3.2-1B"].hidden
    assert sum(alone.numbers.values()) == alone.trains
    assert alone.data == {part: ADAPTER_BYTES * n for part, n in alone.numbers.items()}
    assert tokens.data["embeddings"] == 4 * 3 * MODELS["Llama-3.2-1B"].hidden
    assert embeddings.data["embeddings"] == 2 * matrix
    assert both.numbers["head"] == both.numbers["embeddings"] == matrix
    for one in (alone, tokens, embeddings, both):
        assert 0 < one.file - sum(one.data.values()) < 50_000  # the header


def test_the_rank_of_experts_is_read_off_their_numbers():
    found = by_targets("Mixtral-8x7B")
    assert list(found) == list(WAYS)
    assert found["all-linear"].rank == 32 and found["experts too"].rank == 16
    assert "router" in found["all-linear"].numbers and "router" not in found["experts too"].numbers
    assert found["seven names"].frozen_experts > 0.9 > found["experts too"].frozen_experts


def test_warnings_are_counted_and_only_those_that_name_a_word():
    tied = {"target_modules": "all-linear", "modules_to_save": ["embed_tokens"]}
    assert warnings_naming(["ensure_weight_tying"], "gemma", tied) == 1
    assert warnings_naming(["no such word"], "gemma", tied) == 0
    assert warnings_naming(SEVEN, "mixtral", WAYS["seven names"]) == 0


def test_the_figure_says_each_file_and_draws_a_guess_beyond_the_bars():
    rows = {
        what: counted("Llama-3.2-1B", LoraConfig(**ALL, **SAVED[what]))
        for what in ("adapter alone", "+ both")
    }
    guess = Prediction("How many times?", (2, 40))
    assert "guess" not in draw_files({"1B": rows}, guess).alt
    guess.guess(40)
    alt = draw_files({"1B": rows}, guess).alt
    assert "1B, adapter alone: 45 MB, 1 times" in alt and "1B, + both: 1.1 GB, 24.3 times" in alt
    assert "your guess 40" in alt
    assert "refused" in draw_files({"1B": rows | {"other": None}}, times=False).alt


def test_the_explorer_tells_of_frozen_experts_and_of_what_peft_refuses():
    explorer = count_explorer()
    model, rank, saved = explorer.children[:3]
    assert (
        "experts 96.6%" in explorer.view.value and "rank 32 in place of 16" in explorer.view.value
    )
    model.value = "Phi-3-mini"
    assert "PEFT refuses" in explorer.view.value and "refused" in explorer.view.value
    assert re.search(r"no module of this model is called q_proj", explorer.view.value)
    before = explorer.view.value
    rank.value = 64
    assert explorer.view.value != before and "rank 64" in explorer.view.value
    saved.value = "+ both"
    assert "embed_tokens, lm_head trained and saved whole" in explorer.view.value
