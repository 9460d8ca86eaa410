"""`lora-course memory` as a practitioner uses it, and what it says of bad input."""

import json
import os
import socket
import subprocess
import sys

import pytest

from lora_course.cli import main
from lora_course.memory import ConfigError, load_config, lora_config
from lora_course.memory.like import LIKE
from lora_course.memory.meta import adapted_model, base_model
from lora_course.memory.validation.families import EVERY, FAMILIES

SMALL = {
    "model_type": "olmo2",  # no preset, and of no family that the validation has
    "hidden_size": 64,
    "intermediate_size": 160,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "vocab_size": 500,
    "pad_token_id": 0,
    "eos_token_id": 1,
}


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "my-model"
    path.mkdir()
    (path / "config.json").write_text(json.dumps(SMALL))
    return path


def run(capsys, *arguments):
    status = main(["memory", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_a_table_over_ranks_what_fits_and_what_frees_most(capsys, folder):
    status, out, _ = run(capsys, folder, "--rank", 2, 4, "--seq", 64, "--batch", 2, "--gpu", 1)
    assert status == 0
    lines = out.splitlines()
    assert lines[0].startswith("my-model: base bf16, fp32 LoRA on all-linear, 2×64 tokens, adamw")
    assert "as Olmo2ForCausalLM" in lines[0]
    assert lines[2].split()[:4] == ["rank", "trainable", "share", "file"]
    rows = [line.split() for line in lines[3:5]]
    assert [row[0] for row in rows] == ["2", "4"] and rows[0][-1] == "fits"
    assert int(rows[1][1].replace(",", "")) == 2 * int(rows[0][1].replace(",", ""))
    assert "what frees most:" in out and "gradient checkpointing" in out
    assert "a batch of 1" in out and "sequences of 32 tokens" in out
    assert "Not counted: the allocator's rounding" in out and "Expect " in out


def test_json_holds_every_figure_in_bytes(capsys, folder):
    options = ("--rank", 2, "--seq", 64, "--json", "--gpu", 0.0001)
    status, out, err = run(capsys, folder, *options)
    found = json.loads(out)
    (row,) = found["ranks"]
    assert status == 0 and err == ""
    assert sum(row["held_at_peak_bytes"].values()) == row["peak_bytes"]
    assert sum(row["by_module"].values()) == row["trainable"]
    assert row["fits"] == "no" and found["setting"]["seq_length"] == 64
    peaks = [change["peak"] for change in found["changes"]]
    assert peaks == sorted(peaks) and peaks[-1] < row["peak_bytes"]
    assert {change["fits"] for change in found["changes"]} == {"no"}


def test_counts_alone(capsys, folder):
    status, out, _ = run(capsys, folder, "--rank", 2, "--counts", "--dora", "--targets", "q_proj")
    assert status == 0 and "peak" not in out and "fp32 DoRA on q_proj" in out
    status, out, _ = run(capsys, folder, "--rank", 2, "--counts", "--json")
    truth = adapted_model(base_model(SMALL), lora_config(2)).get_nb_trainable_parameters()
    assert [(row["trainable"], row["total"]) for row in json.loads(out)] == [truth]


@pytest.mark.parametrize("name", ["figure.png", "figure.svg"])
def test_the_figure_is_written(capsys, folder, name):
    path = folder / name
    options = ("--rank", 2, 4, "--seq", 16, "--no-changes", "--figure", path)
    assert run(capsys, folder, *options)[0] == 0
    start = path.read_bytes()[:100]
    assert start.startswith(b"\x89PNG") or b"<?xml" in start


def test_well_known_models_are_listed(capsys):
    status, out, _ = run(capsys, "--list")
    assert status == 0 and "Llama-3.1-8B" in out.split() and len(out.split()) >= 15


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "name a model"),
        (["./nowhere"], "there is no such file or folder"),
        (["{folder}", "--rank", 0], "ranks=0"),
        (["{folder}", "--rank", 4, 4], "names a rank twice"),
        (["{folder}", "--seq", 0], "seq_length=0"),
        (["{folder}", "--batch", -1], "batch_size=-1"),
        (["{folder}", "--gpu", -1], "--gpu=-1.0"),
        (["{folder}", "--targets", "nothing"], "down_proj, embed_tokens, gate_proj"),
        (["{folder}", "--figure", "x.pdf"], "must end in .png or .svg"),
    ],
)
def test_bad_options_are_named(capsys, folder, options, words):
    status, out, err = run(capsys, *(str(option).format(folder=folder) for option in options))
    assert status == 2 and out == ""
    assert err.splitlines()[-1].startswith("lora-course memory: ") and words in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (SMALL | {"auto_map": {"AutoModel": "evil.Model"}}, "code of its own"),
        (SMALL | {"model_type": "hal9000"}, "no architecture of the transformers installed"),
        ({"hidden_size": 64}, "model_type=None"),
        ([1, 2], "holds a list"),
        (SMALL | {"architectures": ["Trainer"]}, "Trainer cannot be built"),
        (SMALL | {"num_hidden_layers": 10**6}, "num_hidden_layers=1,000,000: at most 2,000"),
        (SMALL | {"vocab_size": 10**30}, "cannot be built"),
        (SMALL | {"hidden_size": -64}, "cannot be built"),
        (SMALL | {"num_attention_heads": 0}, "olmo2"),
        (SMALL | {"hidden_size": "many"}, "no valid olmo2 configuration"),
    ],
)
def test_bad_configurations_are_named(capsys, folder, fields, words):
    (folder / "config.json").write_text(json.dumps(fields))
    status, _, err = run(capsys, folder, "--counts")
    assert status == 2 and words in err and "Traceback" not in err


def test_a_configuration_does_not_choose_code(folder):
    from lora_course.memory.meta import base_model

    fields = SMALL | {"_attn_implementation": "somebody/kernel", "attn_implementation": "x/y"}
    assert base_model(fields).config._attn_implementation == "sdpa"


def test_code_that_a_configuration_brings_is_not_needed_where_transformers_has_the_class():
    brought = {"auto_map": {"AutoModelForCausalLM": "evil.Olmo2ForCausalLM"}}
    plain = base_model(SMALL | {"architectures": ["Olmo2ForCausalLM"]})
    read = base_model(SMALL | brought | {"architectures": ["Olmo2ForCausalLM"]})
    assert type(read) is type(plain) and not hasattr(read.config, "auto_map")
    assert {n: p.shape for n, p in read.named_parameters()} == {
        n: p.shape for n, p in plain.named_parameters()
    }
    for names in (["EvilForCausalLM"], ["Olmo2ForCausalLM", "Evil"], [], None, "Olmo2ForCausalLM"):
        with pytest.raises(ConfigError, match="code of its own"):
            load_config(SMALL | brought | {"architectures": names})


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000])
def test_what_is_no_json_is_named(capsys, folder, content):
    (folder / "config.json").write_bytes(content)
    status, _, err = run(capsys, folder, "--counts")
    assert status == 2 and "cannot be read as JSON" in err


def test_a_hub_id_without_a_network_is_told_what_else_there_is(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ConfigError, match=r"--list shows them.*the Hub does not answer"):
        load_config("somebody/something")
    with pytest.raises(ConfigError, match=r"Did you mean Qwen3-0.6B"):
        load_config("Qwen3-0.5B")


def test_a_hub_that_does_not_answer_is_asked_once_and_said_in_one_line():
    """Its library asks five times, for half a minute, and tells of each."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()  # it takes connections, and says nothing
        for port in (silent.getsockname()[1], 9):  # nobody is behind the other one
            done = subprocess.run(
                [sys.executable, "-m", "lora_course.cli", "memory", "some/model", "--counts"],
                env={**os.environ, "HF_ENDPOINT": f"http://127.0.0.1:{port}"},
                capture_output=True,
                text=True,
                check=False,
            )
            (line,) = done.stderr.splitlines()
            assert done.returncode == 2 and "could not be fetched from the Hub" in line


def test_a_name_that_is_none_is_told_before_anything_is_loaded():
    code = (
        "import sys; from lora_course.cli import main; main(['memory', './nowhere']);"
        "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("kind", ["t5", "vit", "bert"])
def test_encoders_decoders_and_images_are_answered(capsys, folder, kind):
    config = next(f.config for f in FAMILIES.values() if f.config["model_type"] == kind)
    (folder / "config.json").write_text(json.dumps(config))
    options = ("--rank", 4, "--seq", 16, "--no-changes")
    assert run(capsys, folder, *options)[0] == 0


def test_asking_for_help_loads_no_torch():
    code = (
        "import sys; from lora_course.cli import parser; parser();"
        "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_stopped_in_the_middle(capsys, folder, monkeypatch):
    from lora_course.memory import estimates

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(estimates, "estimate", stop)
    status, _, err = run(capsys, folder)
    assert status == 130 and "stopped" in err


def one_rank(capsys, folder, *given):
    options = ("--rank", 2, "--seq", 32, "--no-changes", "--json")
    status, out, _ = run(capsys, folder, *options, *given)
    assert status == 0
    found = json.loads(out)
    return found["setting"], found["ranks"][0]


@pytest.mark.parametrize("name", LIKE)
def test_a_trainers_defaults_are_taken_and_what_is_given_goes_before(capsys, folder, name):
    given = ("--like", name, "--batch", 3, "--no-autocast", "--targets", "q_proj")
    setting, row = one_rank(capsys, folder, *given)
    expected = LIKE[name].setting | {"batch_size": 3, "seq_length": 32, "autocast": False}
    assert {key: setting[key] for key in expected} == expected
    assert row["exact"] == (not LIKE[name].inexact)
    for reason, told in zip(LIKE[name].inexact, row["inexact"], strict=True):
        assert told == {"reason": reason.reason, "truth": reason.truth}


def test_a_trainers_dropout_and_targets_are_taken(capsys, folder):
    options = ("--like", "trl", "--counts", "--rank", 2)
    heading = run(capsys, "SmolLM2-135M", *options)[1].splitlines()[0]
    assert "dropout 0.05" in heading and "PEFT's own targets" in heading
    given = ("--dropout", 0, "--targets", "o_proj")
    heading = run(capsys, folder, *options, *given)[1].splitlines()[0]
    assert "dropout" not in heading and "LoRA on o_proj" in heading


def test_more_takes_more(capsys, folder):
    def peak(*given):
        return one_rank(capsys, folder, *given)[1]["peak_bytes"]

    plain = peak()
    assert peak("--dropout", 0.1) > plain > peak("--loss-chunk", 8)
    assert peak("--batch", 2) > plain


def test_an_evaluation_that_takes_more_than_a_step_decides_what_fits(capsys, folder):
    given = ("--eval-batch", 64, "--checkpointing")
    _, row = one_rank(capsys, folder, *given)
    assert row["evaluation_bytes"] > row["peak_bytes"]
    between = (row["evaluation_bytes"] + row["peak_bytes"]) / 2 / 2**30
    assert one_rank(capsys, folder, *given, "--gpu", between)[1]["fits"] == "no"
    assert one_rank(capsys, folder, *given, "--gpu", 9 * between)[1]["fits"] == "fits"
    out = run(capsys, folder, "--rank", 2, "--seq", 32, "--no-changes", *given)[1]
    assert out.splitlines()[2].endswith("evaluation")


def test_what_is_not_exact_is_marked(capsys, folder):
    for given, low, high, mark in (
        ((), True, True, ""),
        (("--precision", "int8"), True, False, "≥"),
        (("--like", "unsloth"), True, True, "≤"),
        (("--optimizer", "paged_adamw_8bit"), True, True, "≈"),
    ):
        _, row = one_rank(capsys, folder, *given)
        assert [end is not None for end in row["range_bytes"]] == [low, high]
        assert row["exact"] == (given == ())
        out = run(capsys, folder, "--rank", 2, "--seq", 32, "--no-changes", *given)[1]
        assert ("Not exact: " in out) == (given != ())
        assert mark in out.splitlines()[3]
    _, paged = one_rank(capsys, folder, "--optimizer", "paged-adamw-8bit")
    _, held = one_rank(capsys, folder, "--optimizer", "adamw-8bit")
    assert paged["peak_bytes"] < held["peak_bytes"] < paged["range_bytes"][1]


def test_what_cannot_fit_does_not_whatever_is_not_exact(capsys, folder):
    weights = one_rank(capsys, folder)[1]["held_at_peak_bytes"]["weights"]
    for given in (("--like", "axolotl", "--precision", "bf16"), ()):
        _, row = one_rank(capsys, folder, *given, "--gpu", 0.9 * weights / 2**30)
        assert row["fits"] == "no"
    low, high = one_rank(capsys, folder, "--like", "axolotl")[1]["range_bytes"]
    assert weights / 4 < low < high


def test_changes_are_judged_as_the_table_is(capsys, folder):
    """An evaluation that does not fit is not mended by a smaller rank."""
    options = (folder, "--rank", 4, "--seq", 64, "--eval-batch", 64, "--checkpointing", "--json")
    _, row = one_rank(capsys, folder, "--eval-batch", 64, "--seq", 64)
    found = json.loads(run(capsys, *options, "--gpu", row["evaluation_bytes"] / 2 / 2**30)[1])
    fits = {change["what"]: change["fits"] for change in found["changes"]}
    assert found["ranks"][0]["fits"] == "no"
    assert "an evaluation's batch of 32" in fits
    assert all(fit == "no" for what, fit in fits.items() if "rank" in what or "AdamW" in what)
    out = run(capsys, *options[:-1])[1]
    assert "An evaluation's batch takes more" in out


def test_a_step_is_told_in_operations_and_what_gets_no_adapter(capsys, folder):
    _, row = one_rank(capsys, folder)
    # Of three forward passes' worth an adapter's step leaves out the products for the weights.
    assert 0.6 < row["share_of_full_tuning"] < 0.9 and row["flops"] > 0
    assert set(row["without"]) == {"embeddings", "output head", "other"}
    kept = json.loads(
        run(capsys, folder, "--rank", 2, "--counts", "--json", "--targets", "q_proj")[1]
    )
    assert {"k_proj", "up_proj"} <= set(kept[0]["without"])
    _, four = one_rank(capsys, folder, "--batch", 4)
    assert 3.9 < four["flops"] / row["flops"] < 4.1
    out = run(capsys, folder, "--rank", 2, "--seq", 32, "--no-changes")[1]
    assert "of a step of full tuning." in out and "get no adapter: " in out


def test_a_model_that_reads_images_too_is_traced_on_text_and_says_so(capsys, folder):
    fields = {"model_type": "llava", "architectures": ["LlavaForConditionalGeneration"]}
    config = EVERY["LLaVA"].config | fields
    (folder / "config.json").write_text(json.dumps(config))
    _, row = one_rank(capsys, folder)
    assert "images (pixel_values) are left out" in row["inexact"][0]["reason"]
    assert row["range_bytes"][1] is None


def test_a_loss_in_chunks_needs_a_head(capsys, folder):
    (folder / "config.json").write_text(json.dumps(FAMILIES["BERT"].config))
    status, out, err = run(capsys, folder, "--loss-chunk", 8, "--seq", 16, "--rank", 2)
    assert (status, out) == (2, "") and "loss_chunk: BertForSequence" in err
