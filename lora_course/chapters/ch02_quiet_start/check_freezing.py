"""Chapter 2, question (c): freeze a model except for its adapters, whatever else is in it."""

from __future__ import annotations

import random

from lora_course.chapters.ch02_quiet_start.freezing_probe import DECOY, small_model
from lora_course.checks.answer import Answer, AnswerError
from lora_course.checks.plain import show
from lora_course.checks.question import WrongAnswerError
from lora_course.checks.random_tensors import tensor
from lora_course.checks.trained import moved

FUNCTION = "freeze_all_but_adapters"
LETTERS = ("lora_A", "lora_B")


def check_frozen(answer: Answer, draws: random.Random) -> None:
    """Nothing but the adapters trains, whether everything did before or nothing."""
    rank = draws.randint(1, 4)
    for before in ("all", "none"):
        _check_others(_trains(answer, rank, before, draws), _called(rank, before), before)


def _check_others(trains: dict[str, bool], called: str, before: str) -> None:
    wrong = [name for name, on in trains.items() if on and not name.endswith(LETTERS)]
    if not wrong:
        return
    rest = [name for name in wrong if not name.endswith(DECOY)]
    others = [name for name in trains if not name.endswith(LETTERS)]
    if before == "none":
        name = "switched on"
        message = "Nothing trained before: set requires_grad to False, do not turn it over."
    elif wrong == others:
        name, message = "nothing frozen", "Everything still trains: set requires_grad to False."
    elif not rest:
        name = "another name that ends so"
        message = f"'{DECOY}' ends in the same letters: compare the whole last name."
    elif all(".exploration." in n for n in rest):
        name = "a name with lora in it"
        message = "'exploration' holds the letters lora, too: look at the end of the name."
    elif all(n.endswith(".bias") for n in rest):
        name, message = "biases left", "Biases are parameters as well: freeze them, too."
    elif all(".base." in n for n in rest):
        name = "bases of adapters left"
        message = "Inside an adapted layer stands its base, with a weight and a bias: freeze them."
    elif not any(".base." in n for n in wrong):
        name = "only the bases frozen"
        message = "Layers without adapters are part of the base model, too: freeze them."
    else:
        name, message = "some left", "Go through model.named_parameters(), which has them all."
    raise WrongAnswerError(
        message, called, f"still trains: {', '.join(wrong)}", "adapters only", name
    )


def check_adapters(answer: Answer, draws: random.Random) -> None:
    """The adapters train, whether they did before or not."""
    rank = draws.randint(1, 4)
    for before in ("all", "none"):
        trains = _trains(answer, rank, before, draws)
        off = [name for name, on in trains.items() if name.endswith(LETTERS) and not on]
        if not off:
            continue
        if before == "none":
            name = "adapters not switched on"
            message = "Nothing trained before, and the adapters still do not: set them to True."
        elif len({n[-1] for n in off}) == 1:
            name, message = "one factor frozen", f"Every {off[0][-6:]} is frozen: train both."
        elif len(off) == sum(n.endswith(LETTERS) for n in trains):
            name, message = "adapters frozen, too", "Nothing is left to train: keep A and B."
        else:
            name, message = "some adapters frozen", "Keep A and B of every adapted layer."
        raise WrongAnswerError(
            message, _called(rank, before), f"frozen: {', '.join(off)}", "all adapters train", name
        )


def _trains(answer: Answer, rank: int, before: str, draws: random.Random) -> dict[str, bool]:
    """Which parameters a step has moved, by what the probe reports."""
    import torch

    state = small_model(rank).state_dict()
    weights = {name: tensor(draws, *value.shape) for name, value in state.items()}
    step = answer.call(rank, before, weights)
    trains = moved(step)
    if trains is None or list(trains) != list(weights):
        raise AnswerError(f"left another model: {show(step)}")
    for name, weight in weights.items():
        if not torch.equal(step[name][0], weight):
            raise AnswerError(f"left other numbers in {name}: {show(step[name])}; only freeze it")
    return trains


def _called(rank: int, before: str) -> str:
    """What is shown as the call."""
    return f"{FUNCTION}(model), adapters of rank {rank}, of which {before} trained before"
