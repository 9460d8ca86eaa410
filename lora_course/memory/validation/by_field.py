"""For each field of `peft.LoraConfig` adapters that use it, on a family where it matters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lora_course.memory.validation.adapters import Case


def _on(*targets: str, **fields: Any) -> dict[str, Any]:
    return {"r": 4, "target_modules": list(targets), **fields}


def _starts() -> Iterator[Case]:
    """The ways to begin; each is even in rank where it must be."""
    for start in ("gaussian", "pissa_niter_4", "olora", "orthogonal", "mica", "corda", "lora_ga"):
        more = {"lora_ga_config": {"direction": "ArBr"}} if start == "lora_ga" else {}
        yield f"start: {start}", _on("q_proj", init_lora_weights=start, **more)
    yield "start: EVA", _on("q_proj", init_lora_weights="eva", eva_config={"rho": 1.0})
    yield "orthogonal, odd rank", _on("q_proj", r=3, init_lora_weights="orthogonal")
    for start in ("pissa", "olora", "mica"):
        yield f"start: {start}, rank 100 of 64×128", _on("k_proj", r=100, init_lora_weights=start)
    yield "PiSSA of embeddings", _on("embed_tokens", init_lora_weights="pissa")
    yield "MiCA of embeddings", _on("embed_tokens", init_lora_weights="mica")


EXPERTS = ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]
BY_FIELD: dict[str, list[Case]] = {
    "Llama": [
        *_starts(),
        (
            "nothing that counts",
            _on("q_proj", lora_alpha=64, lora_dropout=0.1, use_rslora=True, alpha_pattern={"q": 3}),
        ),
        ("excluded", {"r": 4, "target_modules": "all-linear", "exclude_modules": ["q_proj"]}),
        ("excluded by expression", _on("q_proj", "v_proj", exclude_modules=r".*\.0\..*")),
        ("some layers", _on("q_proj", layers_to_transform=[0, 2], layers_pattern="layers")),
        ("one layer", _on("q_proj", "up_proj", layers_to_transform=1)),
        ("no such layer", _on("q_proj", layers_to_transform=[7])),
        ("an expression and layers", {"target_modules": "q_proj", "layers_to_transform": 1}),
        ("layers replicated", _on("q_proj", layer_replication=[[0, 2], [1, 3]])),
        ("biases of B", _on("q_proj", lora_bias=True)),
        ("biases of B, DoRA", _on("q_proj", lora_bias=True, use_dora=True)),
        ("aLoRA", _on("q_proj", alora_invocation_tokens=[1, 2], task_type="CAUSAL_LM")),
        ("Arrow", _on("q_proj", arrow_config={"top_k": 2})),
        ("VeLoRA", _on("q_proj", velora_config={})),
        ("KaSA", _on("q_proj", kasa_config={})),
        ("MonteCLoRA", _on("q_proj", monteclora_config={"num_samples": 4})),
        (
            "BD-LoRA",
            _on(
                "q_proj",
                "o_proj",
                use_bdlora={
                    "target_modules_bd_a": ["o_proj"],
                    "target_modules_bd_b": ["q_proj"],
                    "nblocks": 2,
                },
            ),
        ),
        ("QA-LoRA, not on GPTQ", _on("q_proj", use_qalora=True, qalora_group_size=32)),
        ("DoRA and MiCA", _on("q_proj", use_dora=True, init_lora_weights="mica")),
        ("Megatron", _on("q_proj", megatron_config={"a": 1}, megatron_core="megatron.core")),
        ("laid out otherwise", _on("q_proj", fan_in_fan_out=True)),
        ("tokens of a name", _on("q_proj", trainable_token_indices={"embed_tokens": [1, 9]})),
        ("embeddings adapted", _on("embed_tokens", "lm_head")),
        ("embeddings, DoRA", _on("embed_tokens", use_dora=True)),
        ("embeddings saved", _on("q_proj", modules_to_save=["embed_tokens", "lm_head"])),
        ("labels of sequences", _on("q_proj", task_type="SEQ_CLS")),
        ("labels of tokens", _on("q_proj", task_type="TOKEN_CLS")),
        ("answers", _on("q_proj", task_type="QUESTION_ANS")),
        ("no head", _on("q_proj", task_type="FEATURE_EXTRACTION")),
        ("no such task", _on("q_proj", task_type="SEQ_2_SEQ_LM")),
        ("no such bias", _on("q_proj", bias="some")),
        ("rank 0", _on("q_proj", r=0)),
    ],
    "Llama, tied": [
        ("embeddings saved, tied", _on("q_proj", modules_to_save=["embed_tokens"])),
        (
            "saved, tying ensured",
            _on("q_proj", modules_to_save=["embed_tokens"], ensure_weight_tying=True),
        ),
        (
            "tokens, tying ensured",
            _on("q_proj", trainable_token_indices=[1, 2], ensure_weight_tying=True),
        ),
        ("embeddings, tying ensured", _on("embed_tokens", ensure_weight_tying=True)),
        ("both ends, tying ensured", _on("embed_tokens", "lm_head", ensure_weight_tying=True)),
    ],
    "Qwen2": [
        ("biases, those adapted", _on("q_proj", "o_proj", bias="lora_only")),
        ("biases of B", _on("q_proj", lora_bias=True)),
    ],
    "Mixtral": [
        ("experts alone", _on(target_parameters=EXPERTS)),
        ("experts and attention", _on("q_proj", target_parameters=EXPERTS[:1])),
        ("experts, rank pattern", _on(target_parameters=EXPERTS, rank_pattern={"experts": 2})),
        ("experts, dropout", _on(target_parameters=EXPERTS, lora_dropout=0.1)),
        ("experts, DoRA", _on(target_parameters=EXPERTS, use_dora=True)),
        ("experts, PiSSA", _on(target_parameters=EXPERTS, init_lora_weights="pissa")),
        ("no such parameter", _on(target_parameters=["experts.middle_proj"])),
    ],
    "Qwen3-MoE": [("experts and attention", _on("q_proj", target_parameters=EXPERTS))],
    "gpt-oss": [("experts and attention", _on("q_proj", target_parameters=EXPERTS))],
    "GLM-4-MoE": [("experts alone", _on(target_parameters=EXPERTS))],
    "GPT-2": [
        ("laid out as it is", _on("c_attn", fan_in_fan_out=True)),
        ("layers replicated", _on("c_attn", layer_replication=[[0, 2], [1, 3]])),
        ("start: olora", _on("c_attn", init_lora_weights="olora")),
        ("start: corda", _on("c_attn", init_lora_weights="corda", corda_config={"verbose": False})),
        ("labels of sequences", _on("c_attn", task_type="SEQ_CLS")),
        ("labels of tokens", _on("c_attn", task_type="TOKEN_CLS")),
    ],
    "Falcon": [("layers replicated", _on("dense", layer_replication=[[0, 3], [1, 3]]))],
    "BERT": [
        ("layers replicated", _on("query", layer_replication=[[0, 2], [1, 3]])),
        ("labels of sequences", _on("query", task_type="SEQ_CLS")),
        ("labels of tokens", _on("query", task_type="TOKEN_CLS")),
        ("answers", _on("query", task_type="QUESTION_ANS")),
        ("no head", _on("query", task_type="FEATURE_EXTRACTION")),
        ("a decoder's head", _on("query", task_type="CAUSAL_LM")),
    ],
    "RoBERTa": [
        ("labels of sequences", _on("query", task_type="SEQ_CLS")),
        (
            "labels of tokens, all-linear",
            {"target_modules": "all-linear", "task_type": "TOKEN_CLS"},
        ),
        ("answers", _on("query", task_type="QUESTION_ANS")),
    ],
    "DeBERTa-v2": [
        ("labels of sequences", _on("query_proj", task_type="SEQ_CLS")),
        ("labels of tokens", _on("query_proj", task_type="TOKEN_CLS")),
    ],
    "T5": [
        ("from sequence to sequence", _on("q", "v", task_type="SEQ_2_SEQ_LM")),
        ("labels of sequences", _on("q", task_type="SEQ_CLS")),
        ("a decoder's head", _on("q", task_type="CAUSAL_LM")),
        ("layers", _on("q", layers_to_transform=[0], layers_pattern="block")),
    ],
    "BART": [
        ("from sequence to sequence", _on("q_proj", task_type="SEQ_2_SEQ_LM")),
        ("labels of sequences", _on("q_proj", task_type="SEQ_CLS")),
        ("answers", _on("q_proj", task_type="QUESTION_ANS")),
    ],
    "Whisper": [
        ("from sequence to sequence", _on("q_proj", task_type="SEQ_2_SEQ_LM")),
        ("labels of sequences", _on("q_proj", task_type="SEQ_CLS")),
    ],
    "ViT": [("labels of images", _on("q_proj", task_type="SEQ_CLS"))],
    "ResNet": [("convolutions, PiSSA", _on("layer.0.convolution", init_lora_weights="pissa"))],
    "wav2vec 2.0, sequences": [("labels of sequences", _on("q_proj", task_type="SEQ_CLS"))],
    "Gemma 3": [("a decoder's head", _on("q_proj", task_type="CAUSAL_LM"))],
    "Qwen2-VL": [("a decoder's head", _on("q_proj", task_type="CAUSAL_LM"))],
}
"""Family -> cases of fields that the adapters of every family leave alone."""

NOT_COUNTED: dict[str, str] = {
    "peft_type": "is LORA, or it is another class",
    "auto_mapping": "PEFT writes it where there is no task_type, to load the model again",
    "peft_version": "PEFT writes it",
    "base_model_name_or_path": "PEFT writes it, to load the model again",
    "revision": "of the base model's files",
    "inference_mode": "is on in a saved adapter; one that is trained has it off",
    "runtime_config": "where parts lie while DoRA starts and merges",
    "loftq_config": "of a start that changes values alone, and needs scipy",
}
"""Fields that no case has, and why they change no count."""
