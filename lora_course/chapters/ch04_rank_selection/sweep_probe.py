"""Chapter 4, question (e): gives the learner's sweep a `train` of which the check knows the losses.

It runs where the learner's function runs, beside it: what it reports is checked elsewhere.
"""

from __future__ import annotations

import copy
import math
import random
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from lora_course.checks.answer import AnswerError
from lora_course.checks.stored import type_name

if TYPE_CHECKING:
    from peft import LoraConfig

MOST_RUNS = 300  # far beyond what any sweep of the check needs
CURVATURE = 0.05  # nats by which one doubling away from the best rate is worse
SWING = (
    0.08  # nats that the seeds differ by there: each seed alone has its best rate one doubling off
)
LUCK = 0.001  # a run's own


class Enough(BaseException):  # no Exception: a sweep that catches these must end, too
    """Raised into a sweep that does not end."""


def planted_loss(best: float, rank: int, rate: float, seed: int) -> float:
    """The same for the same run, another for every other one.

    The mean of an even and an odd seed is lowest at the rate `best`. Alone, even seeds do better at
    a higher rate, odd ones at a lower one: the luckiest run is not at the best rate.
    """
    luck = LUCK * random.Random(f"{rank} {rate!r} {seed}").random()
    away = math.log2(rate / best)
    if abs(away) > 1e-6:
        luck += math.copysign(SWING, away) * (1 if seed % 2 else -1)
    return 2 + 1 / rank + CURVATURE * away**2 + luck


def sweep(
    answer: Any,
    ranks: list[int],
    rates: list[float],
    seeds: list[int],
    best: list[float],
    adapt: bool,
) -> Any:
    """Let the answer sweep `ranks`, each of which does best at its rate in `best`.

    Returns what it returned; the number of its runs, their lowest and highest rate; and whether it
    was stopped, for it did not end. With `adapt` also what each of its configs makes of the shipped
    model: {layer: [rank, scaling]}.
    """
    tried: list[float] = []
    adapters: dict[str, dict[str, list[float]]] = {}
    best_of = dict(zip(ranks, best, strict=True))

    def train(config: LoraConfig, learning_rate: float, seed: int) -> float:
        """The held-out loss of a run that nobody trains: there is a formula for it."""
        _require_call(config, learning_rate, seed)
        if len(tried) == MOST_RUNS:
            raise Enough
        learning_rate = float(learning_rate)
        tried.append(learning_rate)
        key = repr(config.to_dict())
        if adapt and key not in adapters:
            adapters[key] = adapted(config)
        known = best_of.get(config.r, best[0])
        return planted_loss(known, config.r, learning_rate, seed)

    returned: Any = None
    endless = False
    try:
        returned = answer(train, ranks, rates, seeds)
    except Enough:
        endless = True
    if returned is ... and not tried:
        return returned
    return {
        "returned": returned,
        "runs": len(tried),
        "tried": [min(tried, default=0.0), max(tried, default=0.0)],
        "endless": endless,
        "adapters": list(adapters.values()),
    }


def _require_call(config: Any, rate: Any, seed: Any) -> None:
    """AnswerError for other arguments than `train` takes, or in another order."""
    from peft import LoraConfig

    expected = "; it takes (config, learning_rate, seed), the first a LoraConfig"
    if not isinstance(config, LoraConfig):
        raise AnswerError(
            f"called train with an object of type {type_name(type(config))}{expected}"
        )
    if isinstance(rate, Integral) and not isinstance(seed, Integral):
        raise AnswerError(f"called train with the rate and the seed exchanged{expected}")
    if not isinstance(rate, Real) or not isinstance(seed, Integral):
        kinds = f"{type_name(type(rate))}, {type_name(type(seed))}"
        raise AnswerError(f"called train(config, {kinds}){expected}")
    if not 0 < float(rate) < math.inf:
        raise AnswerError(f"called train with the learning rate {float(rate):g}; it is above 0")


def adapted(config: LoraConfig) -> dict[str, list[float]]:
    """What PEFT makes of the shipped model by that config: layer -> [rank, scaling]."""
    from peft import get_peft_model
    from peft.tuners.lora import LoraLayer

    from lora_course.silence import silence_libraries
    from lora_course.tasks.style import StyleShift

    model: Any = StyleShift().model()
    with silence_libraries():
        model = get_peft_model(model, copy.deepcopy(config))  # for PEFT writes into a config
    return {
        name.removeprefix("base_model.model."): [module.r[key], float(module.scaling[key])]
        for name, module in model.named_modules()
        if isinstance(module, LoraLayer)
        for key in module.r
    }
