"""Which class of transformers a configuration is trained as: the head follows from the task."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from lora_course.memory.configs import ConfigError

# PEFT's task types -> transformers' tables of classes, MODEL_FOR_…_MAPPING.
TASKS: dict[str, tuple[str, ...]] = {
    "CAUSAL_LM": ("CAUSAL_LM", "IMAGE_TEXT_TO_TEXT"),
    "SEQ_2_SEQ_LM": ("SEQ_TO_SEQ_CAUSAL_LM", "SPEECH_SEQ_2_SEQ"),
    "SEQ_CLS": ("SEQUENCE_CLASSIFICATION", "IMAGE_CLASSIFICATION", "AUDIO_CLASSIFICATION"),
    "TOKEN_CLS": ("TOKEN_CLASSIFICATION",),
    "QUESTION_ANS": ("QUESTION_ANSWERING",),
    "FEATURE_EXTRACTION": ("",),
}
# Where neither the configuration nor a task names a class; the last is a model without a head.
USUAL = (*TASKS["CAUSAL_LM"], *TASKS["SEQ_2_SEQ_LM"], "MASKED_LM", *TASKS["SEQ_CLS"][1:], "CTC", "")


def model_class(config: Any, task_type: str | None = None) -> Any:
    """The transformers class that a configuration is trained as.

    For a PEFT `task_type` the architecture's class with that head; else the class that the
    configuration names, else the architecture's first: causal language model, sequence to
    sequence, masked language model, classifier, the bare model. ConfigError where there is none.
    """
    import transformers

    names = [name for name in config.architectures or () if isinstance(name, str)]
    named = [getattr(transformers, name) for name in names if hasattr(transformers, name)]
    if task_type is None and named:
        return named[0]
    fitting = _classes(config, USUAL if task_type is None else TASKS[task_type])
    if fitting:
        return next((kind for kind in named if kind in fitting), fitting[0])
    if task_type is None:
        raise ConfigError(
            f"{config.model_type}: transformers has no model of it that is trained; name a class of"
            " transformers in the configuration's architectures"
        )
    raise ConfigError(
        f"{config.model_type}: transformers has no head for task_type={task_type!r}; without one it"
        f" is trained as {named[0].__name__ if named else 'its own class'}"
    )


def _classes(config: Any, tables: tuple[str, ...]) -> list[Any]:
    """The architecture's classes in these tables of transformers, in their order."""
    from transformers.models.auto import modeling_auto

    found: list[Any] = []
    for table in tables:
        mapping = getattr(modeling_auto, f"MODEL_FOR_{table}_MAPPING" if table else "MODEL_MAPPING")
        if type(config) in mapping:
            kinds = mapping[type(config)]
            found += kinds if isinstance(kinds, tuple | list) else [kinds]
    return found


def give_own_head(base: Any, config: Any) -> None:
    """Untie the output head where the weights of `base` have one: Flan-T5's kind.

    Their classes tie it to the embeddings, and loading a checkpoint that holds both undoes that.
    T5 1.1 is known by how it scales, others by what their config.json says.
    """
    own = getattr(config, "has_own_head", False)
    head = base.get_output_embeddings()
    if head is not None and (own or getattr(config, "scale_decoder_outputs", True) is False):
        head.weight = nn.Parameter(torch.zeros_like(head.weight))
