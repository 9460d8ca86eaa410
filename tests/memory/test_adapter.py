"""Adapters of every kind: from options, from a saved file, with the head that a task asks for."""

import json

import pytest
from peft import LoraConfig

from lora_course.cli import main
from lora_course.memory import count_parameters, estimate, load_config, lora_config
from lora_course.memory.adapter import AdapterError, adapter_fields, adapter_from
from lora_course.memory.configs import ConfigError
from lora_course.memory.validation.families import EVERY, FAMILIES
from lora_course.memory.validation.reports import ROBERTA_LARGE

LLAMA = FAMILIES["Llama"].config


@pytest.fixture
def folder(tmp_path):
    """A saved adapter of every field that a file has, beside its model."""
    (tmp_path / "config.json").write_text(json.dumps(LLAMA))
    lora = LoraConfig(
        r=6,
        target_modules=["q_proj", "v_proj"],
        lora_dropout=0.1,
        rank_pattern={"v_proj": 3},
        layers_to_transform=[0, 2],
        bias="lora_only",
        base_model_name_or_path=str(tmp_path),
        inference_mode=True,
    )
    lora.save_pretrained(tmp_path)
    return tmp_path


def run(capsys, *arguments):
    status = main(["memory", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def change(folder, **fields):
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_a_saved_adapter_is_read_whole_and_names_its_model(capsys, folder):
    status, out, _ = run(capsys, "--adapter", folder, "--counts", "--json")
    (row,) = json.loads(out)
    same = LoraConfig(
        r=6,
        target_modules=["q_proj", "v_proj"],
        rank_pattern={"v_proj": 3},
        layers_to_transform=[0, 2],
    )
    assert status == 0 and row["rank"] == 6
    assert row["trainable"] == count_parameters(LLAMA, same).trainable > 0
    heading = run(capsys, "--adapter", folder / "adapter_config.json", "--counts")[1]
    assert (
        "LoRA on q_proj v_proj, dropout 0.1, layers 0 2, ranks v_proj=3, bias lora_only" in heading
    )


def test_options_change_a_saved_adapter(capsys, folder):
    options = ["--adapter", folder, "--counts", "--json"]
    plain, higher, more = (
        json.loads(run(capsys, *options, *given)[1])
        for given in ([], ["--rank", 12], ["--targets", "q_proj", "k_proj", "v_proj"])
    )
    assert higher[0]["trainable"] > plain[0]["trainable"] < more[0]["trainable"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"peft_type": "LOHA"}, "only LoRA is estimated"),
        ({"a_new_field": 3}, "a_new_field=3, unknown to the PEFT installed here"),
        ({"r": 0}, "ranks=0: must be a whole number"),
        ({"r": "many"}, "ranks='many': must be a whole number"),
        ({"task_type": "MIND_READING"}, "no valid LoraConfig"),
        ({"target_modules": "(q_proj", "layers_to_transform": None}, "unterminated subpattern"),
        ({"modules_to_save": "lm_head"}, "modules_to_save='lm_head': must be a list of names"),
        ({"lora_dropout": "0.1"}, "lora_dropout='0.1': must be a number"),
        ({"lora_dropout": 1.5}, "lora_dropout=1.5: must be from 0 to below 1"),
        ({"lora_alpha": None}, "lora_alpha=None: must be a number"),
        ({"layers_to_transform": "3"}, "layers_to_transform='3': must be a layer's number"),
        ({"layers_to_transform": ["3"]}, "layers_to_transform=['3']: must be a layer's number"),
        ({"bias": "some"}, "bias='some': must be one of none, all, lora_only"),
    ],
)
def test_an_adapter_that_cannot_be_used_is_named(capsys, folder, fields, words):
    change(folder, **fields)
    status, out, err = run(capsys, "--adapter", folder, "--counts")
    assert (status, out) == (2, "") and words in err and "Traceback" not in err


def test_a_saved_adapter_without_a_rank_asks_for_one(capsys, folder):
    change(folder, r=None)
    assert "names no rank (r); give --rank" in run(capsys, "--adapter", folder, "--counts")[2]
    status, out, _ = run(capsys, "--adapter", folder, "--counts", "--json", "--rank", 5)
    assert status == 0 and json.loads(out)[0]["rank"] == 5


def test_a_new_field_without_a_value_does_no_harm(folder):
    change(folder, a_new_field=None)
    assert adapter_from(adapter_fields(folder)).r == 6


def test_a_folder_without_an_adapter_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"the folder that holds adapter_config\.json"):
        adapter_fields(tmp_path)
    with pytest.raises(AdapterError, match=r"no valid LoraConfig"):
        lora_config(8, no_such_field=1)


def test_every_option_of_the_adapter_counts(capsys, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(LLAMA))
    base = [tmp_path, "--rank", 4, "--targets", "q_proj", "v_proj", "--counts", "--json"]

    def trainable(*given):
        return json.loads(run(capsys, *base, *given)[1])[0]["trainable"]

    plain = trainable()
    assert trainable("--layers", 1) * 3 == plain
    assert trainable("--exclude", "v_proj") < plain < trainable("--rank-pattern", "q_proj=8")
    assert trainable("--tokens", 3, 5) == plain + 2 * LLAMA["hidden_size"]
    assert trainable("--dora") > plain < trainable("--modules-to-save", "lm_head")
    assert trainable("--dropout", 0.1) == plain
    assert trainable("--bias", "all") == plain, "Llama has no biases"


def test_the_task_chooses_the_head():
    # 786,432 in query and value, and the classifier, which PEFT trains whole.
    lora = lora_config(8, "default", task_type="SEQ_CLS")
    masked = ROBERTA_LARGE | {"architectures": ["RobertaForMaskedLM"]}
    assert count_parameters(masked, lora).trainable == 1_838_082
    assert estimate(FAMILIES["BERT"].config, lora).kind == "BertForSequenceClassification"
    with pytest.raises(ConfigError, match="vit: transformers has no head for task_type='TOKEN"):
        count_parameters(FAMILIES["ViT"].config, lora_config(8, "default", task_type="TOKEN_CLS"))


def test_a_head_has_as_many_classes_as_are_asked_for(capsys, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(ROBERTA_LARGE))
    options = [tmp_path, "--rank", 8, "--task-type", "SEQ_CLS", "--counts", "--json"]
    two, five = (
        json.loads(run(capsys, *options, "--classes", n)[1])[0]["trainable"] for n in (2, 5)
    )
    assert five - two == 3 * (1024 + 1)


def test_a_head_of_its_own_counts():
    # As Flan-T5 and mT0 have it: their config.json says so, transformers' class says "tied".
    for kind in ("t5", "mt5"):
        config = {
            "model_type": kind,
            "d_model": 64,
            "d_ff": 128,
            "d_kv": 16,
            "num_layers": 2,
            "num_heads": 4,
            "vocab_size": 1000,
            "feed_forward_proj": "gated-gelu",
            "decoder_start_token_id": 0,
            "tie_word_embeddings": False,
        }
        lora = lora_config(4, ["q", "v"])
        untied, tied = (
            count_parameters(config | {"tie_word_embeddings": tie}, lora).total
            for tie in (False, True)
        )
        assert (untied, tied) == (331_776, 267_776)


STORED = {
    "quant_method": "bitsandbytes",
    "load_in_4bit": True,
    "bnb_4bit_quant_type": "nf4",
    "bnb_4bit_use_double_quant": True,
}


def test_a_model_stored_in_4_bits_is_estimated_so(capsys, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(LLAMA | {"quantization_config": STORED}))
    options = [tmp_path, "--rank", 4, "--seq", 16, "--no-changes", "--json"]
    found = json.loads(run(capsys, *options)[1])
    assert found["setting"]["precision"] == "nf4"
    status, _, err = run(capsys, *options, "--precision", "bf16")
    assert status == 2 and "stored as nf4" in err

    def weights(**more):
        config = load_config(LLAMA | {"quantization_config": STORED | more})
        return estimate(config, lora_config(4)).held["weights"]

    # Layers that were left in 16 bits, as in "dynamic" checkpoints, take more.
    assert weights(llm_int8_skip_modules=["lm_head", "model.layers.1.mlp"]) > weights()
    assert weights(bnb_4bit_use_double_quant=False) != weights()


def test_experts_without_an_adapter_are_told(capsys):
    out = run(capsys, "gpt-oss-20b", "--rank", 8, "--counts")[1]
    assert "the experts, 91.4% of the parameters, get no adapter" in out.lower()
    assert "--target-parameters" in out and "get no adapter: experts 91.4%" in out
    reached = run(
        capsys, "gpt-oss-20b", "--rank", 8, "--counts", "--target-parameters",
        "experts.gate_up_proj", "experts.down_proj",
    )[1]  # fmt: skip
    assert "the experts, " not in reached.lower()


def test_experts_of_another_rank_are_told():
    lora = lora_config(4, ["q_proj", "w1", "w2", "w3"])
    (note,) = count_parameters(EVERY["Mixtral"].config, lora).notes
    assert "gate_up_proj), with rank 8 in place of 4" in note


def test_what_is_saved_whole_is_told(capsys):
    options = ["Llama-3.1-8B", "--rank", 16, "--counts", "--modules-to-save"]
    out = run(capsys, *options, "embed_tokens", "lm_head")[1]
    assert "Embed_tokens, lm_head trained and saved whole: 26 times as many parameters" in out


def test_frozen_weights_in_the_file_are_told(capsys):
    told = [
        run(capsys, "Llama-3.1-8B", "--rank", 8, "--counts", "--targets", "q_proj", *more)[1]
        for more in ([], ["embed_tokens"], ["lm_head"])
    ]
    assert "frozen weights" not in told[0]
    assert "of the file are frozen weights, of embed_tokens, which PEFT saves" in told[1]
    assert "of the file are frozen weights, of lm_head" in told[2]
    assert "save_embedding_layers=False" in told[2]


def test_a_name_that_no_module_has_is_told(capsys):
    out = run(capsys, "Qwen3-8B", "--rank", 8, "--counts", "--targets", "q_prj", "v_proj")[1]
    assert "No module of this model is called q_prj: it adapts nothing; did you mean q_proj?" in out
    lora = lora_config(4, ["q_proj"], rank_pattern={"k_proyect": 2, r"layers\.1\..*q_proj": 8})
    (note,) = count_parameters(LLAMA, lora).notes
    assert note.startswith("no module of this model is called k_proyect")
    assert count_parameters(LLAMA, lora_config(4, "default")).notes == ()


def test_what_gets_no_adapter_is_told_by_name(capsys):
    out = run(capsys, "Qwen3-8B", "--rank", 8, "--counts", "--targets", "q_proj", "v_proj")[1]
    assert "up_proj" in out.split("get no adapter: ")[1].split(",")[0] + out
    assert "other" not in out, "norms are too few to tell"


def test_layers_need_names_of_targets(capsys):
    status, out, err = run(capsys, "GPT-2", "--counts", "--layers", 0, 1)
    assert (status, out) == (2, "") and "give --targets by name" in err


def test_counts_do_not_ask_how_weights_are_stored(capsys, tmp_path):
    stored = LLAMA | {"quantization_config": {"quant_method": "gptq", "bits": 4}}
    (tmp_path / "config.json").write_text(json.dumps(stored), encoding="utf-8-sig")
    options = [tmp_path, "--rank", 4, "--targets", "q_proj"]
    assert run(capsys, *options, "--counts")[0] == 0
    status, _, err = run(capsys, *options)
    assert status == 2 and "quantised already, by 'gptq'" in err


def test_a_start_that_needs_packages_is_counted_without_them(folder):
    change(folder, init_lora_weights="loftq", loftq_config={"loftq_bits": 4})
    assert adapter_from(adapter_fields(folder)).r == 6
