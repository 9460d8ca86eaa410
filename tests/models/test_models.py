"""The shipped base model: loads from its folder, knows prose, and its card says what is true."""

import json
import re

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from lora_course.models import BASE_MODEL
from lora_course.tasks import corpus
from lora_course.tasks.language import held_out_loss, stream
from tools.train_base_model import CONTEXT, STEPS, VOCABULARY, train


@pytest.fixture(scope="module")
def base():
    return AutoModelForCausalLM.from_pretrained(BASE_MODEL, dtype=torch.float32)


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(BASE_MODEL)


def card(pattern):
    found = re.search(pattern, (BASE_MODEL / "README.md").read_text(encoding="utf-8"))
    return found[1].replace(",", "")


def test_it_is_small_and_holds_no_pickle(base):
    assert sum(p.numel() for p in base.parameters()) == int(card(r"Llama of ([\d,]+) param"))
    assert (BASE_MODEL / "model.safetensors").stat().st_size < 2_100_000
    assert {p.suffix for p in BASE_MODEL.iterdir()} <= {".json", ".safetensors", ".md"}
    assert int(card(r"([\d,]+) steps")) == STEPS


def test_text_survives_the_tokenizer(tokenizer):
    text = "Return the naïve value;\n\tdef f(x): return x  # 東京 🙂"
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    assert len(tokenizer) == VOCABULARY and tokenizer.pad_token != tokenizer.eos_token


def test_held_out_loss_is_the_cards(base, tokenizer):
    """On another Python the prose differs a little, and so does the loss."""
    loss = held_out_loss(base, stream(tokenizer, corpus.prose("test")), CONTEXT)
    assert abs(loss - float(card(r"([\d.]+) on the held-out"))) < 0.1
    code = "".join(text[:500] for text in corpus.code("test"))
    assert held_out_loss(base, stream(tokenizer, [code]), CONTEXT) > loss + 0.3


@pytest.mark.long
def test_the_command_makes_such_a_model_and_twice_the_same(tmp_path, capsys):
    for name in ("one", "two"):
        train(tmp_path / name, steps=3)
    assert "held-out loss" in capsys.readouterr().out
    one, two = (tmp_path / name / "model.safetensors" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    config = json.loads((BASE_MODEL / "config.json").read_text(encoding="utf-8"))
    assert config == json.loads((tmp_path / "one" / "config.json").read_text(encoding="utf-8"))
    tokens = (BASE_MODEL / "tokenizer.json").read_text(encoding="utf-8")
    if card(r"CPython (\d+\.\d+\.\d+)") == __import__("platform").python_version():
        assert tokens == (tmp_path / "one" / "tokenizer.json").read_text(encoding="utf-8")
