"""Chapter 8, question (c): run blocks in checkpointed segments; gradients as in a plain run."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from lora_course.chapters.ch08_checkpointing import segments_probe
from lora_course.checks.answer import Answer
from lora_course.checks.question import Mistake, compare

CLOSE = 1e-5  # fp32, of a tensor's largest number


def _segments(count: int, segment: int) -> list[list[int]]:
    return [list(range(i, min(i + segment, count))) for i in range(0, count, segment)]


def _report(runner: Callable[..., Any]) -> Callable[..., Any]:
    """What the probe reports of a runner."""
    return lambda *case: segments_probe.run(runner, *case)


def _in_segments(**options: Any) -> Callable[..., Any]:
    """torch's checkpoint with these options, segment by segment."""

    def runner(blocks: Any, x: Any, segment: int) -> Any:
        from torch.utils.checkpoint import checkpoint

        def part(z: Any, numbers: list[int]) -> Any:
            for number in numbers:
                z = blocks[number](z)
            return z

        for numbers in _segments(len(blocks), segment):
            x = checkpoint(part, x, numbers, **options)
        return x

    return _report(runner)


def _always_the_last(blocks: Any, x: Any, segment: int) -> Any:
    """A function that reads the loop's variable: in the backward pass it has its last value."""
    from torch.utils.checkpoint import checkpoint

    now = 0

    def part(z: Any) -> Any:
        for block in blocks[now : now + segment]:
            z = block(z)
        return z

    for now in range(0, len(blocks), segment):  # noqa: B007  # part reads it
        x = checkpoint(part, x, use_reentrant=False)
    return x


def _without_rest(blocks: Any, x: Any, segment: int) -> Any:
    """The blocks that fill no whole segment left out."""
    for block in blocks[: len(blocks) // segment * segment]:
        x = block(x)
    return x


right = _in_segments(use_reentrant=False)
always_the_last = _report(_always_the_last)
without_rest = _report(_without_rest)

GRADIENTS = (
    Mistake(
        "reentrant",
        lambda *case: {**right(*case), "gradients": [None] * len(right(*case)["gradients"])},
        "Every adapter's gradient is None: x asks for no gradient, and a reentrant checkpoint then"
        " gives none. use_reentrant=False, or x.requires_grad_().",
    ),
    Mistake(
        "the random state not kept",
        _in_segments(use_reentrant=False, preserve_rng_state=False),
        "Dropout drew another mask the second time: leave preserve_rng_state as it is.",
    ),
    Mistake(
        "the last segment each time",
        always_the_last,
        "The backward pass ran the last segment for each. A function in a loop reads the loop's"
        " variable when it is called, and that is later: hand it over as an argument.",
    ),
    Mistake(
        "blocks left out",
        without_rest,
        "The last blocks did not run: the last segment may be shorter.",
    ),
)


def _backward(order: Callable[[int, int], list[int]]) -> Callable[..., Any]:
    return lambda seed, count, segment: {
        **right(seed, count, segment),
        "backward": order(count, segment),
    }


AGAIN = (
    Mistake(
        "the last segment each time",
        always_the_last,
        "The backward pass ran the last segment for each. A function in a loop reads the loop's"
        " variable when it is called: hand it over as an argument.",
    ),
    Mistake(
        "blocks left out",
        lambda *case: {**right(*case), "forward": without_rest(*case)["forward"]},
        "The last blocks did not run: the last segment may be shorter.",
    ),
    Mistake(
        "nothing computed again",
        _backward(lambda count, segment: []),
        "No block ran again in the backward pass: all activations were kept, or gradients are"
        " None. Run each segment by checkpoint.",
    ),
    Mistake(
        "a segment a block",
        _backward(lambda count, segment: list(range(count))[::-1]),
        "Each block is a segment of its own here. Put `segment` of them into one checkpoint.",
    ),
    Mistake(
        "one segment",
        _backward(lambda count, segment: list(range(count))),
        "All blocks are one segment: the backward pass opens all of them at once.",
    ),
    Mistake(
        "as many segments as there are blocks in one",
        _backward(
            lambda count, segment: [
                n for part in reversed(_segments(count, -(-count // segment))) for n in part
            ]
        ),
        "`segment` is the number of blocks in a segment, not the number of segments.",
    ),
)


def check_gradients(answer: Answer, draws: random.Random) -> None:
    """Output and gradients are those of a plain run, dropout included."""
    _compare(answer, draws, GRADIENTS, ("out", "gradients"))


def check_again(answer: Answer, draws: random.Random) -> None:
    """Every block runs once forward, and each segment once more, as a whole, backward."""
    _compare(answer, draws, AGAIN, ("forward", "backward"))


def _compare(
    answer: Answer, draws: random.Random, mistakes: tuple[Mistake, ...], keys: tuple[str, ...]
) -> None:
    seed = draws.randint(0, 9999)
    cases: list[list[Any]] = []
    for segment, rest in ((2, 0), (3, 0), (draws.choice((2, 3)), 1)):
        # More segments than blocks in one, so that the two are not mistaken for each other unseen.
        cases.append([seed + len(cases), segment * draws.randint(4, 6) + rest, segment])
    compare(answer, _called, cases, right, mistakes, CLOSE, keys=keys)


def _called(seed: int, count: int, segment: int) -> str:
    """What is shown as the call."""
    return f"run_in_segments(blocks, x, {segment}), {count} blocks drawn from seed {seed}"
