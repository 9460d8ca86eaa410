"""Chapter 2, question (c): lets the learner's function freeze a model, and takes one step with it.

It runs where the learner's function runs, beside it: what it reports is checked elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lora_course.checks.answer import AnswerError
from lora_course.checks.trained import held, one_step

if TYPE_CHECKING:
    from torch import Tensor

DECOY = "gate_B"  # of no adapter


def freeze(answer: Any, rank: int, before: str, weights: dict[str, Tensor]) -> Any:
    """Let the answer freeze a small model with `weights`, of which `before` trains: "all" or
    "none" of it. Then train all of it, as far as it lets itself be trained, for one step.

    Returns {name of a parameter: [before the step, after it]}; the dots where the answer does
    nothing.
    """
    from torch import nn

    model = small_model(rank)
    model.load_state_dict(weights)
    model.requires_grad_(before == "all")
    start = [parameter.requires_grad for parameter in held(model).values()]
    returned = answer(model)
    parameters = held(model)
    after = [parameter.requires_grad for parameter in parameters.values()]
    if after == start and returned is ...:
        return returned
    if after == start and isinstance(returned, nn.Module) and returned is not model:
        raise AnswerError("returned another model; change the one that is passed in")
    return one_step(parameters)


def small_model(rank: int) -> Any:
    """Embedding, norm, two adapted layers, one plain one, and names that look like an adapter's."""
    import torch
    from torch import nn

    from lora_course.core.layers import LoRALinear

    block = nn.ModuleDict(
        {
            "q_proj": LoRALinear(nn.Linear(6, 6), rank),
            "norm": nn.LayerNorm(6),
            "exploration": nn.Linear(6, 6),
            "v_proj": LoRALinear(nn.Linear(6, 4), rank),
        }
    )
    block.register_parameter(DECOY, nn.Parameter(torch.zeros(6)))
    return nn.ModuleDict({"embedding": nn.Embedding(5, 6), "block": block, "head": nn.Linear(6, 2)})
