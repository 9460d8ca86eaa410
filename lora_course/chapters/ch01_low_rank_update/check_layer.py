"""Chapter 1, question (b): the learner's LoRA layer, with B ≠ 0, in several shapes and dtypes."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lora_course.chapters.ch01_low_rank_update.check_layer_mistakes import MERGED, OUTPUTS
from lora_course.chapters.ch01_low_rank_update.layer_probe import PARTS
from lora_course.checks.answer import Answer, AnswerError, advised
from lora_course.checks.plain import show
from lora_course.checks.question import WrongAnswerError, compare
from lora_course.checks.random_tensors import tensor
from lora_course.checks.trained import moved
from lora_course.checks.values import same

if TYPE_CHECKING:
    from torch import Tensor

FUNCTION = "LoRALayer"
CLOSE, CLOSE_16 = 1e-5, 2e-2  # of the largest number: in fp32 and fp64, in 16 bits
DTYPE = "Make A and B with dtype=base.weight.dtype, for bases of any precision."
SMALLEST = 1e-3  # of a start: smaller numbers are as good as none


def _call(what: str) -> Callable[..., str]:
    """What is shown as the call, from the arguments of a case."""

    def shown(_: str, weight: Tensor, bias: Any, rank: int, alpha: float, *rest: Tensor) -> str:
        d_out, d_in = weight.shape
        dtype = str(weight.dtype).removeprefix("torch.")
        base = f"nn.Linear({d_in}, {d_out}, bias={bias is not None}, dtype={dtype})"
        x = "×".join(map(str, rest[-1].shape))
        tail = {"start": "", "merged": ".merged_weight()"}.get(what, f"(x), x {x}, A and B random")
        return f"{FUNCTION}({base}, {rank}, {alpha:g}){tail}"

    return shown


def _cases(what: str, draws: random.Random) -> list[list[Any]]:
    """Layers wider and taller, with and without bias, alpha above and below r, three dtypes."""
    import torch

    made = []
    for d_out, d_in, rank, alpha, bias, dtype in (
        (7, 5, 3, draws.choice((6.0, 7.5, 12.0)), True, torch.float32),
        (4, 9, 2, draws.choice((0.5, 1.0, 1.5)), False, torch.float64),
        (6, 6, 4, draws.choice((16.0, 24.0)), True, torch.bfloat16),
    ):
        weight, b = tensor(draws, d_out, d_in, dtype=dtype), tensor(draws, d_out, rank, dtype=dtype)
        a = tensor(draws, rank, d_in, dtype=dtype)
        shift = tensor(draws, d_out, dtype=dtype) if bias else None
        x = tensor(draws, 2, 3, d_in, dtype=dtype)
        made.append([what, weight, shift, rank, alpha, a, b, x])
    return made


def _is_16(case: list[Any]) -> bool:
    return bool(case[1].element_size() == 2)


def check_start(answer: Answer, draws: random.Random) -> None:
    """A and B have their shapes, B = 0, A ≠ 0; they train, and nothing else does."""
    for case in _cases("start", draws):
        _check_start(answer, case)


def _check_start(answer: Answer, case: list[Any]) -> None:
    start, called = answer.call(*case), _call("start")(*case)
    d_out, d_in = case[1].shape
    rank: int = case[3]
    wanted = {"lora_A": (rank, d_in), "lora_B": (d_out, rank)}

    def wrong(message: str, got: str, expected: str, mistake: str) -> WrongAnswerError:
        return WrongAnswerError(message, called, got, expected, mistake)

    if type(start) is not dict or not {*PARTS, "step"} <= start.keys():
        raise AnswerError("gave no layer that can be looked at")
    shapes = {name: tuple(getattr(start[name], "shape", ())) for name in PARTS}
    if shapes != wanted:
        got = ", ".join(f"{name}: {show(start[name])}" for name in PARTS)
        expected = f"lora_A: {rank}×{d_in}, lora_B: {d_out}×{rank}"
        if shapes == {name: wanted[name][::-1] for name in PARTS}:
            message = "Both are turned on their side: A is r×d_in, B is d_out×r."
            raise wrong(message, got, expected, "transposed")
        if shapes["lora_A"] == wanted["lora_B"]:
            message = "A and B have changed places: A reads the input, B writes the output."
            raise wrong(message, got, expected, "A and B exchanged")
        message = "base.weight is d_out×d_in. A takes d_in numbers to r, B takes r to d_out."
        raise wrong(message, got, expected, "other shapes")
    trains = _moved(start, {"base.weight": case[1], "base.bias": case[2]})
    expected = "lora_A, lora_B"
    missing = [name for name in PARTS if name not in trains]
    surplus = [str(name)[:40] for name in trains if name not in PARTS]
    got = ", ".join(map(str, trains)) or "nothing"
    frozen = [name for name in missing if name in start["step"]]
    if frozen:
        message = f"{' and '.join(frozen)} must train: requires_grad is False there."
        raise wrong(message, f"trains: {got}", f"trains: {expected}", "an adapter frozen")
    if missing:
        message = f"An optimizer would not find {' and '.join(missing)}: wrap it in nn.Parameter."
        raise wrong(message, f"trains: {got}", f"trains: {expected}", "no parameter")
    if any(name.startswith("base.") for name in surplus):
        message = "The base still trains: base.requires_grad_(False) freezes it."
        raise wrong(message, f"trains: {got}", f"trains: {expected}", "the base trains")
    if surplus:
        message = "Only A and B are trained: alpha and the rest are plain numbers."
        raise wrong(message, f"trains: {got}", f"trains: {expected}", "something else trains")
    largest = {name: start[name].abs().max().item() for name in PARTS}
    if largest["lora_B"] != 0:
        message = "Before training the layer must compute what the base does: start B at 0."
        got, expected = f"lora_B: {show(start['lora_B'])}", "lora_B: zeros"
        raise wrong(message, got, expected, "B does not start at 0")
    if not largest["lora_A"] > SMALLEST:
        message = "With A and B both 0 nothing would ever train: draw A at random."
        raise wrong(message, f"lora_A: {show(start['lora_A'])}", "random numbers", "A starts at 0")
    if len(start["lora_A"].unique(dim=0)) < rank:
        message = "Rows of A that are the same stay so, and do the work of one: draw A at random."
        got = f"lora_A: {show(start['lora_A'])}"
        raise wrong(message, got, "random numbers", "A is not random")


def _moved(start: dict[str, Any], base: dict[str, Any]) -> list[str]:
    """The names of what one step has moved from where it was, in their order."""
    import torch

    found = moved(start["step"])
    if found is None:
        raise AnswerError("gave a layer with which no step can be made")
    for name in found:
        before = start.get(name, base.get(name))
        there = start["step"][name][0]
        if before is not None and not torch.equal(there.double(), before.double()):
            raise AnswerError(f"gave a layer that changes {name} by itself; leave it as it is")
    return sorted(name for name, on in found.items() if on)


def check_output(answer: Answer, draws: random.Random) -> None:
    """x (W + s·BA)ᵀ + b with random A and B, and gradients for both."""

    def right(_: str, weight: Any, shift: Any, rank: int, alpha: float, *abx: Any) -> Any:
        a, b, x = (value.double() for value in abx)
        y = x @ weight.double().T + alpha / rank * (x @ a.T @ b.T)
        return (y if shift is None else y + shift.double()).to(weight.dtype)

    cases = _cases("output", draws)
    for case in cases:
        advised(answer, case, "dtype", DTYPE)
    compare(answer, _call("output"), cases, right, OUTPUTS, list(map(_tolerance, cases)))
    for case in cases:
        _check_gradients(answer.call("gradients", *case[1:]), case)


def _check_gradients(came: Any, case: list[Any]) -> None:
    """They reach A and B, and through all of the layer what stands before it: x."""
    _, weight, _, rank, alpha, a, b, x = case
    reached = came.get("reach") if type(came) is dict else None
    if reached != list(PARTS):
        raise WrongAnswerError(
            "The output is right, but no gradient comes back to A and B: use them as they"
            " are, without .data, .detach() or torch.no_grad(), and let them train.",
            _call("output")(*case),
            f"gradients reach: {', '.join(map(str, reached or [])) or 'neither'}",
            "gradients reach: lora_A, lora_B",
            "cut off from training",
        )
    if _is_16(case):  # two rounded gradients, of which the sum may be small
        return
    of_x = (weight + alpha / rank * (b @ a)).sum(0).expand(x.shape)
    if not same(came.get("x"), of_x, _tolerance(case)):
        raise WrongAnswerError(
            "The output is right, but its gradient in x is not: layers below this one would learn"
            " from a wrong one. Use x itself for base and adapter, without .data or .detach().",
            _call("output")(*case),
            f"gradient in x: {show(came.get('x'))}",
            f"gradient in x: {show(of_x)}",
            "cut off from the input",
        )


def check_merged(answer: Answer, draws: random.Random) -> None:
    """W + s·BA, without a change of the base."""

    def right(_: str, weight: Any, shift: Any, rank: int, alpha: float, *abx: Any) -> Any:
        a, b, _x = (value.double() for value in abx)
        return (weight.double() + alpha / rank * (b @ a)).to(weight.dtype)

    cases = _cases("merged", draws)
    compare(answer, _call("merged"), cases, right, MERGED, list(map(_tolerance, cases)))


def _tolerance(case: list[Any]) -> float:
    return CLOSE_16 if _is_16(case) else CLOSE
