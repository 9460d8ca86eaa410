"""A pretrained model, made ready to train: loaded, perhaps in 4 bits, and adapted with PEFT."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch
from torch import nn

from lora_course.arguments import first_line
from lora_course.compare.records import FULL, HEAD, Rank, TextData
from lora_course.compare.settings import Settings
from lora_course.core.layers import freeze
from lora_course.core.sweep import resolve_alpha
from lora_course.hub import hub_answers
from lora_course.memory.adapter import ALL_LINEAR
from lora_course.silence import silence_libraries

PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
HEADS = ("lm_head", "score", "classifier")


class ModelError(ValueError):
    """A model that cannot be used, and what to do about it."""


def device() -> torch.device:
    """The GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def check_source(model: str) -> None:
    """ModelError unless a folder holds a config and weights that can be read without pickle."""
    folder = Path(model)
    if not folder.exists():
        if model.startswith((".", "/", "~")) or model.count("/") > 1:
            raise ModelError(f"model={model!r}: there is no such folder")
        return  # a Hub id: loading it will tell
    if not folder.is_dir():
        raise ModelError(f"model={model!r}: is a file; give the folder that holds config.json")
    names = sorted(path.name for path in folder.iterdir())
    if "config.json" not in names:
        raise ModelError(f"model={model!r}: holds no config.json; is this the right folder?")
    if any(name.endswith(".safetensors") for name in names):
        return
    pickled = [name for name in names if name.endswith(PICKLED)]
    if pickled:
        raise ModelError(
            f"model={model!r}: has its weights only as {pickled[0]}, a pickle, which can run any"
            " code when it is read. Where you trust it, load it once yourself and save it again"
            " with save_pretrained(folder), which writes safetensors."
        )
    raise ModelError(f"model={model!r}: holds no weights (*.safetensors)")


def weights_hash(model: str) -> str:
    """SHA-256 over a folder's weight files; empty for a Hub id, whose name says which it is."""
    digest = hashlib.sha256()
    for path in sorted(Path(model).glob("*.safetensors")):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest() if Path(model).is_dir() else ""


def load_tokenizer(model: str) -> Any:
    """The model's tokenizer, with a padding token."""
    from transformers import AutoTokenizer

    check_source(model)
    tokenizer = _from_pretrained(AutoTokenizer, model)
    if tokenizer.pad_token is None:
        if tokenizer.eos_token is None:
            raise ModelError(f"model={model!r}: its tokenizer has no padding and no end token")
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _from_pretrained(auto: Any, model: str, **options: Any) -> Any:
    """`auto.from_pretrained(model)`, its errors in words."""
    local = Path(model).exists() or not hub_answers()
    try:
        return auto.from_pretrained(
            model, trust_remote_code=False, local_files_only=local, **options
        )
    except (OSError, ValueError, ImportError, KeyError) as error:
        if Path(model).exists():
            raise ModelError(
                f"model={model!r}: could not be loaded: {first_line(error)}"
            ) from error
        raise ModelError(
            f"model={model!r}: is neither a folder here nor could it be fetched from the Hub:"
            f" {first_line(error)} Without a network, give a folder with config.json and"
            " safetensors."
        ) from error


def load_base(settings: Settings, data: TextData, pad: int) -> nn.Module:
    """The model with the head that the data need, in fp32 or with a 4-bit base.

    A new classification head is drawn from torch's global generator: seed it first.
    """
    from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

    check_source(settings.model)
    options: dict[str, Any] = {"use_safetensors": True, "dtype": torch.float32}
    if settings.quantize == "nf4":
        from transformers import BitsAndBytesConfig

        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.float32,
            llm_int8_skip_modules=list(HEADS),
        )
        options["device_map"] = {"": device()}
    auto: Any = AutoModelForCausalLM
    if data.classification:
        auto = AutoModelForSequenceClassification
        options["num_labels"] = len(data.label_names)
    with silence_libraries():
        model: nn.Module = _from_pretrained(auto, settings.model, **options)
    model.config.pad_token_id = pad  # type: ignore[union-attr]
    return model.to(device()) if settings.quantize == "none" else model


def linear_shapes(model: nn.Module, targets: tuple[str, ...]) -> dict[str, tuple[int, int]]:
    """Name -> (d_out, d_in) of the linear layers that `targets` choose, the head left out.

    ModelError when a target matches none.
    """
    shapes = {
        name: (module.out_features, module.in_features)
        for name, module in model.named_modules()
        if hasattr(module, "in_features") and name.rpartition(".")[2] not in HEADS
    }
    if targets == (ALL_LINEAR,):
        if not shapes:
            raise ModelError("targets='all-linear': the model has no linear layers to adapt")
        return shapes
    chosen: dict[str, tuple[int, int]] = {}
    for target in targets:
        hits = {n: s for n, s in shapes.items() if n == target or n.endswith("." + target)}
        if not hits:
            known = sorted({name.rpartition(".")[2] for name in shapes})
            raise ModelError(f"targets: {target!r} matches no linear layer; known are {known}")
        chosen |= hits
    return chosen


def check_ranks(settings: Settings, model: nn.Module) -> None:
    """ModelError when a rank is larger than the smallest dimension it would adapt."""
    shapes = linear_shapes(model, settings.targets)
    name, shape = min(shapes.items(), key=lambda item: min(item[1]))
    for rank in settings.ranks:
        if rank > min(shape):
            raise ModelError(
                f"ranks: {rank} is larger than the smallest adapted dimension, {min(shape)}"
                f" ({name}, {shape[0]}×{shape[1]}); choose ranks up to {min(shape)}, or other"
                " targets"
            )


def make_ready(model: nn.Module, settings: Settings, rank: Rank, data: TextData) -> nn.Module:
    """The model with just those parameters trainable that a run of `rank` trains."""
    if rank == FULL:
        return model.requires_grad_(True)
    if rank == HEAD:
        freeze(model)
        for name, module in model.named_modules():
            if data.classification and name.rpartition(".")[2] in HEADS:
                module.requires_grad_(True)
        return model
    from peft import LoraConfig, TaskType, get_peft_model

    assert isinstance(rank, int)
    config = LoraConfig(
        r=rank,
        # PEFT's type says int, and all it does is divide it by the rank.
        lora_alpha=resolve_alpha(settings.alpha_rule, rank),  # type: ignore[arg-type]
        lora_dropout=0.0,
        target_modules=ALL_LINEAR if settings.targets == (ALL_LINEAR,) else list(settings.targets),
        task_type=TaskType.SEQ_CLS if data.classification else TaskType.CAUSAL_LM,
    )
    with silence_libraries():
        adapted: nn.Module = get_peft_model(model, config)
    return adapted
