"""Chapter 5, question (c): which modules a list of targets reaches, and which targets are idle."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from lora_course.checks.answer import Answer
from lora_course.checks.question import Mistake, compare

FUNCTION = "reach"
Names = list[str]
Rule = Callable[[str, str], bool]
"""Whether a module, named first, is reached by a target."""


def _by(rule: Rule) -> Callable[[Names, Names], dict[str, Names]]:
    """The modules that are reached and the targets that reach none, by that rule."""

    def reach(modules: Names, targets: Names) -> dict[str, Names]:
        hit = {(module, target) for module in modules for target in targets if rule(module, target)}
        return {
            "adapted": [m for m in modules if any(module == m for module, _ in hit)],
            "idle": [t for t in targets if all(target != t for _, target in hit)],
        }

    return reach


right = _by(lambda module, target: module == target or module.endswith(f".{target}"))


def _other(key: str) -> Callable[[Names, Names], dict[str, Names]]:
    """The names of the other side: frozen for adapted, used for idle."""

    def reach(modules: Names, targets: Names) -> dict[str, Names]:
        found = right(modules, targets)
        everything = modules if key == "adapted" else targets
        return found | {key: [name for name in everything if name not in found[key]]}

    return reach


MISTAKES = (
    Mistake(
        "any part of a name",
        _by(lambda module, target: target in module),
        "A target that stands somewhere in a name is not enough: the name has to end in a dot and"
        " the target.",
    ),
    Mistake(
        "the last letters",
        _by(lambda module, target: module.endswith(target)),
        "qkv_proj ends in v_proj, but there is no dot before it: it is another module.",
    ),
    Mistake(
        "the last name only",
        _by(lambda module, target: module.split(".")[-1] == target),
        "A target may have a dot of its own, such as mlp.gate: look at the end of the whole name.",
    ),
    Mistake(
        "a whole name missed",
        _by(lambda module, target: module.endswith(f".{target}")),
        "A module whose whole name is the target is reached, too: there is no dot before lm_head.",
    ),
    Mistake(
        "whole names only",
        _by(lambda module, target: module == target),
        "A target need not be the whole name: the name may end in a dot and the target.",
    ),
    Mistake(
        "what stays frozen",
        _other("adapted"),
        "Those are the modules that no target reaches.",
    ),
    Mistake(
        "the targets that are used",
        _other("idle"),
        "Those are the targets that reach a module. Return the ones that reach none.",
    ),
)


def check(key: str) -> Callable[[Answer, random.Random], None]:
    """A check of one entry of the dict."""

    def run(answer: Answer, draws: random.Random) -> None:
        cases = [_fused(draws), _separate(draws)]
        compare(answer, FUNCTION, cases, right, MISTAKES, keys=(key,), read=_in_order)

    return run


def _in_order(value: Any) -> Any:
    """The names sorted: in which order they are listed says nothing."""
    if type(value) is not dict:
        return value
    return {key: _sorted(names) for key, names in value.items()}


def _sorted(names: Any) -> Any:
    plain = type(names) is list and all(type(name) is str for name in names)
    return sorted(names) if plain else names


def _modules(draws: random.Random, names: Names) -> Names:
    layers = range(draws.randint(2, 3))
    return [*(f"model.layers.{layer}.{name}" for layer in layers for name in names), "lm_head"]


def _fused(draws: random.Random) -> list[Names]:
    """A model with fused matrices, and names of one without."""
    modules = _modules(
        draws, ["self_attn.qkv_proj", "self_attn.o_proj", "mlp.gate_up_proj", "mlp.down_proj"]
    )
    targets = ["o_proj", "down_proj", "lm_head", draws.choice(("q_proj", "k_proj"))]
    targets += ["v_proj", "up_proj"]  # the ends of qkv_proj and gate_up_proj
    draws.shuffle(targets)
    return [modules, targets]


def _separate(draws: random.Random) -> list[Names]:
    """A mixture of experts whose router has a target of two names, beside one that is near it."""
    attention = [f"self_attn.{letter}_proj" for letter in "qkvo"]
    modules = _modules(draws, [*attention, "mlp.gate", "mlp.experts.0.up_proj", "mlp.gate_norm"])
    targets = ["mlp.gate", f"{draws.choice('qkvo')}_proj", "experts.0.up_proj", "attn.q_proj"]
    draws.shuffle(targets)
    return [modules, targets]
