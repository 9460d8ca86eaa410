"""Chapter 2, question (a): the gradients of A and of B, by hand."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from lora_course.checks.answer import Answer
from lora_course.checks.plain import is_tensor, show
from lora_course.checks.question import Mistake, compare
from lora_course.checks.random_tensors import simple, tensor

FUNCTION = "adapter_gradients"
CLOSE = 1e-4  # of the largest number, in fp32


def right(x: Any, grad_y: Any, a: Any, b: Any, scaling: float) -> dict[str, Any]:
    """With y = x Wᵀ + s·x Aᵀ Bᵀ: ∇B = s·Gᵀ (x Aᵀ) and ∇A = s·(G B)ᵀ x, G = ∂L/∂y."""
    return {"A": scaling * (grad_y @ b).T @ x, "B": scaling * grad_y.T @ (x @ a.T)}


def _changed(name: str, message: str, change: Callable[[Any, str, Any], Any]) -> Mistake:
    """A mistake that does something to both right gradients: change(gradient, its name, call)."""

    def wrong(*call: Any) -> dict[str, Any]:
        return {part: change(value, part, call) for part, value in right(*call).items()}

    return Mistake(name, wrong, message)


MISTAKES = (
    _changed(
        "scaling forgotten",
        "y holds s·x Aᵀ Bᵀ: both gradients carry the factor s.",
        lambda grad, part, call: grad / call[4],
    ),
    _changed(
        "scaling twice",
        "The factor s comes in once in each gradient.",
        lambda grad, part, call: grad * call[4],
    ),
    _changed(
        "a mean over the rows",
        "G holds what each row contributes already: sum over the rows, do not divide.",
        lambda grad, part, call: grad / len(call[0]),
    ),
    _changed(
        "the step, not the gradient",
        "The sign is a descent step's. The gradient itself points uphill.",
        lambda grad, part, call: -grad,
    ),
    _changed(
        "transposed",
        "The gradient has the shape of its matrix: A is r×d_in, B is d_out×r.",
        lambda grad, part, call: grad.T,
    ),
    Mistake(
        "A and B exchanged",
        lambda *call: dict(zip("AB", list(right(*call).values())[::-1], strict=True)),
        "These are the right gradients under each other's name.",
    ),
    Mistake(
        "the output's gradient left out",
        lambda x, grad_y, a, b, s: {
            "A": s * (grad_y.sign() @ b).T @ x,
            "B": s * grad_y.sign().T @ (x @ a.T),
        },
        "Use grad_y as it is: how much the loss changes with each number of y.",
    ),
)


def gradient(part: str) -> Callable[[Answer, random.Random], None]:
    """A check of one gradient on layers of three shapes, and where B or A is 0."""

    def check(answer: Answer, draws: random.Random) -> None:
        shapes = ((2, 2, 2, 1), (5, 4, 6, 2), (3, 7, 5, 3))  # the first small enough for the hand
        cases = [_case(draws, *shape) for shape in shapes]
        x, grad_y, a, b, scaling = cases[1]
        cases.append([x, grad_y, a, (0 * b).abs(), scaling])
        cases.append([x, grad_y, (0 * a).abs(), b, scaling])
        compare(answer, _call, cases, right, MISTAKES, CLOSE, keys=(part,), read=_in_fp64)

    return check


def _call(*case: Any) -> str:
    """What is shown as the call: which of so many tensors is which."""
    names = ("x", "grad_y", "A", "B", "scaling")
    shown = (f"{name}={show(value)}" for name, value in zip(names, case, strict=True))
    return f"{FUNCTION}({', '.join(shown)})"


def _in_fp64(value: Any) -> Any:
    """Gradients of any precision in one: their numbers count."""
    if type(value) is not dict:
        return value
    return {
        name: grad.double() if is_tensor(grad) and grad.is_floating_point() else grad
        for name, grad in value.items()
    }


def _case(draws: random.Random, rows: int, d_out: int, d_in: int, rank: int) -> list[Any]:
    make = simple if rank == 1 else tensor
    return [
        make(draws, rows, d_in),
        make(draws, rows, d_out),
        make(draws, rank, d_in),
        make(draws, d_out, rank),
        draws.choice((0.5, 2.0, 3.0)),
    ]
