"""How long a sequence a model takes: what its tables say is what a real model does."""

import pytest
import torch

from lora_course.cli import main
from lora_course.memory import estimate, lora_config
from lora_course.memory.meta import base_model
from lora_course.memory.positions import LengthError, most_positions, usual_length
from lora_course.memory.setting import StepSetting

BERT = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "vocab_size": 50,
    "max_position_embeddings": 24,
}
GPT2 = {"n_embd": 16, "n_head": 2, "n_layer": 1, "vocab_size": 50, "n_positions": 24}
BART = {
    "d_model": 16,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "vocab_size": 50,
    "max_position_embeddings": 24,
    "pad_token_id": 1,
    "decoder_start_token_id": 2,
}
OPT = {
    "hidden_size": 16,
    "ffn_dim": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "vocab_size": 50,
    "max_position_embeddings": 24,
    "word_embed_proj_dim": 16,
}
DISTIL = {
    "dim": 16,
    "hidden_dim": 32,
    "n_layers": 1,
    "n_heads": 2,
    "vocab_size": 50,
    "max_position_embeddings": 24,
}
NEO = {
    "hidden_size": 16,
    "num_layers": 1,
    "num_heads": 2,
    "attention_types": [[["global"], 1]],
    "vocab_size": 50,
    "max_position_embeddings": 24,
}
TABLES = {
    "gpt2": (GPT2, "GPT2LMHeadModel", 24),
    "gpt_neo": (NEO, "GPTNeoForCausalLM", 24),
    "opt": (OPT, "OPTForCausalLM", 24),
    "bert": (BERT, "BertForMaskedLM", 24),
    "roberta": (BERT | {"pad_token_id": 1}, "RobertaForMaskedLM", 22),
    "xlm-roberta": (BERT | {"pad_token_id": 1}, "XLMRobertaForMaskedLM", 22),
    "distilbert": (DISTIL, "DistilBertForMaskedLM", 24),
    "electra": (BERT | {"embedding_size": 16}, "ElectraForMaskedLM", 24),
    "bart": (BART, "BartForConditionalGeneration", 24),
}


def fields(kind):
    more, name, most = TABLES[kind]
    return {"model_type": kind, "architectures": [name], **more}, most


@pytest.mark.parametrize("kind", TABLES)
def test_a_real_model_takes_so_many_tokens_and_not_one_more(kind):
    import transformers

    config, most = fields(kind)
    base = base_model(config)
    assert most_positions(base) == most == usual_length(config)
    real = getattr(transformers, config["architectures"][0])._from_config(base.config).eval()
    ids = torch.full((1, most + 1), 5)
    real(input_ids=ids[:, :most])
    with pytest.raises((IndexError, RuntimeError)):
        real(input_ids=ids)


@pytest.mark.parametrize("kind", ["llama", "qwen3", "t5", "mpt", "gptj"])
def test_rotary_and_relative_positions_set_no_end(kind):
    from transformers import CONFIG_MAPPING

    small = {"num_hidden_layers": 1, "n_layer": 1, "n_layers": 1, "num_layers": 1}
    given = CONFIG_MAPPING[kind]().to_dict()
    config = {"model_type": kind} | {key: n for key, n in small.items() if key in given}
    assert most_positions(base_model(config)) is None
    assert usual_length(config) == 2048


@pytest.mark.parametrize("kind", ["bert", "gpt2"])
def test_one_token_too_many_is_an_error_with_the_number(kind):
    config, most = fields(kind)
    lora = lora_config(2)
    at_most = estimate(config, lora, StepSetting(seq_length=most))
    assert at_most.peak > 0 and estimate(config, lora).held == at_most.held
    with pytest.raises(LengthError, match=rf"seq_length=25: .* positions for {most} tokens"):
        estimate(config, lora, StepSetting(seq_length=most + 1))


@pytest.mark.parametrize(("preset", "tokens"), [("BERT-base", 512), ("GPT-2", 1024)])
def test_a_preset_works_at_its_defaults(preset, tokens, capsys):
    assert main(["memory", preset, "--rank", "8", "--no-changes"]) == 0
    assert f"1×{tokens:,} tokens" in capsys.readouterr().out
    assert main(["memory", preset, "--rank", "8", "--seq", "4096"]) == 2
    assert f"give {tokens:,} or fewer" in capsys.readouterr().err


@pytest.mark.parametrize(("family", "most"), [("Gemma 3", None), ("CLIP", 77), ("Whisper", 448)])
def test_images_and_sounds_do_not_limit_a_text(family, most):
    from lora_course.memory.validation.families import EVERY

    assert most_positions(base_model(EVERY[family].config)) == most
