"""Chapter 4, question (b): the memory of adapter, gradients and optimizer."""

from __future__ import annotations

import random
from collections.abc import Callable

from lora_course.checks.answer import Answer
from lora_course.checks.question import Mistake, compare

KEYS = ("adapter_mb", "gradients_mb", "optimizer_mb")


def _megabytes(adapter: float, gradients: float, optimizer: float) -> dict[str, float]:
    sizes = (adapter, gradients, optimizer)
    return dict(zip(KEYS, (size / 1e6 for size in sizes), strict=True))


def _right_memory(params: int, width: int = 4) -> dict[str, float]:
    return _megabytes(params * width, params * width, 2 * params * width)


WHOLE = "Those are whole MB: divide by 1e6 with /, not //, and return the figures as they come out."

MISTAKES = (
    Mistake(
        "one moment only",
        lambda params, width=4: _megabytes(params * width, params * width, params * width),
        "Adam keeps two running means for every parameter: of the gradient and of its square."
        " You counted one.",
    ),
    Mistake(
        "moments always 32-bit",
        lambda params, width=4: _megabytes(params * width, params * width, 8 * params),
        "torch's AdamW keeps its moments in the parameter's own precision: with 2-byte"
        " parameters they take 2 bytes each, not 4.",
    ),
    Mistake(
        "4 bytes a parameter whatever the precision",
        lambda params, width=4: _megabytes(params * width, params * width, 4 * params),
        "4 bytes a parameter is one 32-bit moment. AdamW keeps two, each in the parameter's own"
        " precision.",
    ),
    Mistake(
        "bytes, not MB",
        lambda params, width=4: {key: 1e6 * mb for key, mb in _right_memory(params, width).items()},
        "Those are bytes. The keys end in _mb: divide by 1e6.",
    ),
    Mistake(
        "MiB, not MB",
        lambda params, width=4: {
            key: mb * 1e6 / 2**20 for key, mb in _right_memory(params, width).items()
        },
        "You divided by 2**20 (MiB). 1 MB is 10^6 bytes here.",
    ),
    Mistake(
        "values, not bytes",
        lambda params, width=4: _megabytes(params, params, 2 * params),
        "Those are millions of values. Each takes bytes_per_value bytes.",
    ),
    Mistake(
        "everything in the optimizer",
        lambda params, width=4: _megabytes(params * width, params * width, 4 * params * width),
        "Weights and gradients have keys of their own; optimizer_mb holds the two moments alone.",
    ),
    Mistake(
        "precision ignored",
        lambda params, width=4: _right_memory(params, 4),
        "Your figures do not change with bytes_per_value: a bf16 adapter takes 2 bytes a value.",
    ),
    Mistake(
        "kB, not MB",
        lambda params, width=4: {key: 1e3 * mb for key, mb in _right_memory(params, width).items()},
        "Those are kB. The keys end in _mb: divide the bytes by 1e6.",
    ),
    Mistake(
        "GB, not MB",
        lambda params, width=4: {key: mb / 1e3 for key, mb in _right_memory(params, width).items()},
        "Those are GB. The keys end in _mb: divide the bytes by 1e6.",
    ),
    Mistake(
        "rounded to whole MB",
        lambda params, width=4: {key: mb // 1 for key, mb in _right_memory(params, width).items()},
        WHOLE,
    ),
    Mistake(
        "rounded to whole MB",
        lambda params, width=4: {
            key: round(mb) for key, mb in _right_memory(params, width).items()
        },
        WHOLE,
    ),
    Mistake(
        "another default",
        lambda params, width=2: _right_memory(params, width),
        "bytes_per_value left out means 4: keep the default that the exercise gives.",
    ),
    Mistake(
        "three moments",
        lambda params, width=4: _megabytes(params * width, params * width, 3 * params * width),
        "Adam keeps two running means for every parameter: of the gradient and of its square."
        " You counted three; the gradient itself has a key of its own.",
    ),
)


def memory(widths: tuple[int | None, ...]) -> Callable[[Answer, random.Random], None]:
    """A check of random counts, one for each number of bytes a value in `widths`; None: unsaid."""

    def check(answer: Answer, draws: random.Random) -> None:
        counts = [draws.randint(10**5, 10**8) for _ in widths]
        cases = [[n, width] if width else [n] for n, width in zip(counts, widths, strict=True)]
        compare(answer, "adapter_memory", cases, _right_memory, MISTAKES, tolerance=1e-6, keys=KEYS)

    return check
