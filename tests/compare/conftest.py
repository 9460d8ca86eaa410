"""A model and a data set small enough to compare ranks in seconds."""

import pytest
import torch

from lora_course.compare.data import DataSource
from lora_course.compare.settings import Settings
from tools.train_base_model import build_tokenizer

WORDS = {"good": "fine kind warm glad bright", "bad": "cold grim harsh dull bleak"}


@pytest.fixture(scope="session")
def rows():
    """(text, label): sentences whose last word tells the label."""
    return [
        (f"day {day} at the lake was {word}", label)
        for day in range(12)
        for label, words in WORDS.items()
        for word in words.split()
    ]


@pytest.fixture(scope="session")
def table(rows, tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "days.csv"
    path.write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in rows))
    return path


@pytest.fixture(scope="session")
def model(rows, tmp_path_factory):
    """A Llama of one block, as a folder."""
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("model")
    tokenizer = build_tokenizer([text for text, _ in rows])
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        pad_token_id=tokenizer.pad_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def settings(model, table):
    return Settings(
        model=str(model),
        task=None,
        source=DataSource(train=str(table)),
        ranks=(2, 4),
        seeds=(0, 1),
        steps=6,
        length=24,
        batch_size=8,
        learning_rates=(1e-2,),
    ).checked()
