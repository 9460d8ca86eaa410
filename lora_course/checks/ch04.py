"""Chapter 4, rank selection: four questions, ten points."""

from __future__ import annotations

import random
from typing import Any

from lora_course.checks import ch04_choice, ch04_runs
from lora_course.checks.face import Face
from lora_course.checks.question import Mistake, Part, Question, compare
from lora_course.estimators import estimate_lora_params

Dim = int | list[int]

# ---- (a) parameters -------------------------------------------------------------------------


def _sides(layer_dim: Dim) -> tuple[int, int]:
    """(d_out, d_in): the matrix is square when one number is given."""
    return (layer_dim, layer_dim) if isinstance(layer_dim, int) else (layer_dim[0], layer_dim[1])


PARAMETER_MISTAKES = (
    Mistake(
        "one layer only",
        lambda dim, rank, layers=32: rank * sum(_sides(dim)),
        "That is one layer. Every one of the num_layers layers has its own A and B.",
    ),
    Mistake(
        "one factor only",
        lambda dim, rank, layers=32: rank * _sides(dim)[0] * layers,
        "That counts B or A alone. The update B·A has two factors: d_out×r and r×d_in.",
    ),
    Mistake(
        "the full matrix",
        lambda dim, rank, layers=32: _sides(dim)[0] * _sides(dim)[1] * layers,
        "That is the size of W itself, which stays frozen. Count the entries of A and B.",
    ),
    Mistake(
        "dimensions multiplied",
        lambda dim, rank, layers=32: rank * _sides(dim)[0] * _sides(dim)[1] * layers,
        "d_out and d_in never meet in one factor: add the sizes of B and A, do not multiply.",
    ),
    Mistake(
        "rank squared",
        lambda dim, rank, layers=32: rank * rank * sum(_sides(dim)) * layers,
        "The rank comes in once: doubling r doubles the count, it does not quadruple it.",
    ),
    Mistake(
        "square assumed",
        lambda dim, rank, layers=32: 2 * rank * _sides(dim)[0] * layers,
        "2·r·d holds only for a square matrix. Here d_out and d_in differ: add them.",
    ),
    Mistake(
        "square assumed",
        lambda dim, rank, layers=32: 2 * rank * _sides(dim)[1] * layers,
        "2·r·d holds only for a square matrix. Here d_out and d_in differ: add them.",
    ),
    Mistake(
        "num_layers fixed at 32",
        lambda dim, rank, layers=32: 32 * rank * sum(_sides(dim)),
        "32 is only the default: multiply by the num_layers that is passed in.",
    ),
)


def _right_count(layer_dim: Dim, rank: int, num_layers: int = 32) -> int:
    return estimate_lora_params(_sides(layer_dim), rank, num_layers)


def _square(face: Face, draws: random.Random) -> None:
    dim, rank = draws.choice((48, 320, 768, 1280)), draws.choice((3, 5, 6, 12))
    cases: list[list[Any]] = [[dim, rank, draws.randint(3, 29)], [2 * dim, rank + 1]]
    compare(face, "estimate_lora_params", cases, _right_count, PARAMETER_MISTAKES)


def _rectangular(face: Face, draws: random.Random) -> None:
    d_out, d_in = draws.choice((96, 1024, 3072)), draws.choice((160, 2048, 4096))
    rank = draws.choice((3, 5, 6, 12))
    cases = [[[d_out, d_in], rank, draws.randint(3, 29)], [[d_in, d_out], rank, 1]]
    compare(face, "estimate_lora_params", cases, _right_count, PARAMETER_MISTAKES)


lora_params = Question(
    chapter=4,
    name="lora_params",
    title="Count the trainable parameters",
    function="estimate_lora_params",
    parts=(
        Part("square matrices, every layer", 1, _square),
        Part("rectangular matrices", 1, _rectangular),
    ),
    hints=(
        "Write down the shapes of B and A for one W of d_out×d_in, and count their entries.",
        "B has d_out·r entries and A has r·d_in. Add the two, then think of num_layers. An int"
        " layer_dim means d_out = d_in = layer_dim; otherwise it is a pair.",
    ),
)

# ---- (b) memory -----------------------------------------------------------------------------

MEMORY_KEYS = ("adapter_mb", "gradients_mb", "optimizer_mb")


def _megabytes(adapter: float, gradients: float, optimizer: float) -> dict[str, float]:
    sizes = (adapter, gradients, optimizer)
    return dict(zip(MEMORY_KEYS, (size / 1e6 for size in sizes), strict=True))


def _right_memory(params: int, width: int = 4) -> dict[str, float]:
    return _megabytes(params * width, params * width, 2 * params * width)


MEMORY_MISTAKES = (
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
)


def _memory(widths: tuple[int, ...]) -> Any:
    def check(face: Face, draws: random.Random) -> None:
        cases = [[draws.randint(10**5, 10**8), width] for width in widths]
        compare(face, "adapter_memory", cases, _right_memory, MEMORY_MISTAKES, tolerance=1e-6)

    return check


adapter_memory = Question(
    chapter=4,
    name="adapter_memory",
    title="Memory of adapter, gradients and optimizer",
    function="adapter_memory",
    parts=(
        Part("fp32 adapters, 4 bytes a value", 1, _memory((4,))),
        Part("any precision", 1, _memory((2, 4))),
    ),
    hints=(
        "For each trainable value training keeps the value itself, its gradient, and whatever"
        " AdamW remembers about it. How many numbers does AdamW remember?",
        "AdamW keeps two moments a value, in the value's own precision. So the bytes are n·b,"
        " n·b and 2·n·b; divide each by 1e6.",
    ),
)

# ---- (c) the comparison, (d) the choice --------------------------------------------------------

rank_comparison = Question(
    chapter=4,
    name="rank_comparison",
    title="Compare ranks by training",
    function="run_rank_comparison",
    parts=(
        Part("one experiment a rank and seed, with its count", 1, ch04_runs.check_table),
        Part("accuracy measured on held-out pairs", 1, ch04_runs.check_accuracies),
        Part("training time measured", 1, ch04_runs.check_times),
    ),
    hints=(
        "Two loops: seeds outside, ranks inside. Inside: adapt(task.model(), rank, seed=seed),"
        " fit(...), evaluate(...), append one RankExperiment.",
        "fit(model, task.train(seed), seed=seed, progress=False) trains and returns a history"
        " whose .seconds is the training time; evaluate(model, task.test()) is the accuracy;"
        " count_trainable(model) counts; adapter=adapter_state(model) hands the weights over.",
    ),
)

choice = Question(
    chapter=4,
    name="choice",
    title="Choose a rank and defend it",
    function="choose_rank_by_hand",
    parts=(
        Part("the smallest rank within one standard error", 1, ch04_choice.check_choice),
        Part("the numbers that defend it", 1, ch04_choice.check_evidence),
        Part("one seed cannot tell", 1, ch04_choice.check_one_seed),
    ),
    hints=(
        "Find the rank with the best mean. For each rank, take the best rank's accuracies minus"
        " its own, seed by seed: how large is the mean of these differences against their"
        " standard error?",
        "standard error = statistics.stdev(differences) / len(differences)**0.5. Go through the"
        " ranks from the smallest and stop at the first whose mean difference is at most that."
        " The best rank itself has difference 0 and standard error 0.",
    ),
)

QUESTIONS = (lora_params, adapter_memory, rank_comparison, choice)
