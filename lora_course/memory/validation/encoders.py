"""Small encoders, and models from sequence to sequence."""

from __future__ import annotations

from typing import Any

from lora_course.memory.validation.family import Family, stack

NAMED = ("query", "value")
_CLASSIFIER = "classifier"


def _t5(model_type: str, **more: Any) -> dict[str, Any]:
    kind = f"{model_type.upper() if model_type == 't5' else 'MT5'}ForConditionalGeneration"
    return {
        "model_type": model_type,
        "d_model": 128,
        "d_ff": 256,
        "d_kv": 32,
        "num_layers": 2,
        "num_heads": 4,
        "vocab_size": 1000,
        "decoder_start_token_id": 0,
        "architectures": [kind],
        **more,
    }


ENCODERS: dict[str, Family] = {
    "BERT": Family(
        stack("bert", "BertForSequenceClassification"), attention=NAMED, head=_CLASSIFIER
    ),
    "T5": Family(_t5("t5"), attention=("q", "v")),
}
"""The first, which peaks and weights are measured on as well."""

MORE_ENCODERS: dict[str, Family] = {
    "RoBERTa": Family(
        stack("roberta", "RobertaForMaskedLM", pad_token_id=1), attention=NAMED, head="lm_head"
    ),
    "XLM-RoBERTa": Family(
        stack("xlm-roberta", "XLMRobertaForTokenClassification", pad_token_id=1),
        attention=NAMED,
        head=_CLASSIFIER,
    ),
    "DistilBERT": Family(
        {
            "model_type": "distilbert",
            "dim": 128,
            "hidden_dim": 512,
            "n_layers": 3,
            "n_heads": 4,
            "vocab_size": 1000,
            "architectures": ["DistilBertForSequenceClassification"],
        },
        attention=("q_lin", "v_lin"),
        head=_CLASSIFIER,
    ),
    "DeBERTa-v2": Family(
        stack(
            "deberta-v2",
            "DebertaV2ForSequenceClassification",
            relative_attention=True,
            pos_att_type=["p2c", "c2p"],
            position_buckets=32,
            share_att_key=True,
        ),
        attention=("query_proj", "value_proj"),
        head=_CLASSIFIER,
    ),
    "ELECTRA": Family(
        stack("electra", "ElectraForSequenceClassification", embedding_size=64),
        attention=NAMED,
        head=_CLASSIFIER,
    ),
    "ALBERT": Family(
        stack("albert", "AlbertForSequenceClassification", embedding_size=64),
        attention=NAMED,
        head=_CLASSIFIER,
    ),
    "ModernBERT": Family(
        stack(
            "modernbert",
            "ModernBertForMaskedLM",
            **{f"{name}_token_id": 0 for name in ("pad", "bos", "eos", "cls", "sep")},
        ),
        attention=("Wqkv", "Wo"),
        head="decoder",
    ),
    "BART": Family(
        {
            "model_type": "bart",
            "d_model": 128,
            "encoder_layers": 2,
            "decoder_layers": 2,
            "encoder_attention_heads": 4,
            "decoder_attention_heads": 4,
            "encoder_ffn_dim": 256,
            "decoder_ffn_dim": 256,
            "vocab_size": 1000,
            "architectures": ["BartForConditionalGeneration"],
        }
    ),
    "Flan-T5, untied": Family(
        _t5("t5", feed_forward_proj="gated-gelu", tie_word_embeddings=False), attention=("q", "v")
    ),
    "mT5": Family(
        _t5("mt5", feed_forward_proj="gated-gelu", tie_word_embeddings=False), attention=("q", "v")
    ),
}
"""More architectures, for counts."""
