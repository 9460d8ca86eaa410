"""Chapter 3, alpha, scale and step size: three questions, six points."""

from __future__ import annotations

from lora_course.chapters.ch03_scale import check_alpha, check_path, check_rates
from lora_course.checks.question import Part, Question

path = Question(
    room=__package__,
    name="path",
    title="Another alpha, the same path",
    function="same_path",
    parts=(
        Part("with SGD", 1, check_path.check("SGD")),
        Part("with Adam", 1, check_path.check("Adam")),
    ),
    hints=(
        "Write ΔW = (√s B)(√s A). What matters is how √s A starts and how far it moves in a step."
        " s grows c-fold: what has A's start to be for √s A to stay? And how does the gradient"
        " of A depend on s, in SGD's step and in Adam's?",
        "c = new_alpha / alpha. The start: spread / √c. One step moves A by rate · s · (…) with"
        " SGD, by the rate alone with Adam; for √s A to move as before, SGD's rate is divided by"
        " c, Adam's by √c.",
    ),
)

alpha = Question(
    room=__package__,
    name="alpha",
    title="The alpha that keeps the first step",
    function="alpha_for",
    parts=(
        Part("the size of ΔW", 1, check_alpha.check("size")),
        Part("the fall of the loss", 1, check_alpha.check("fall")),
    ),
    hints=(
        "In Adam's first step the size goes as (alpha / r)·√r, the fall of the loss as"
        " (alpha / r)·r. Which alpha keeps each, when r changes?",
        "The size: old_alpha * (rank / old_rank) ** 0.5. The fall: (alpha / r)·r is alpha itself.",
    ),
)

rates = Question(
    room=__package__,
    name="rates",
    title="Each rank at its best rate",
    function="best_rates",
    parts=(
        Part("the best rate of each rank", 1, check_rates.check_rates),
        Part("ranks that did best at an edge", 1, check_rates.check_edges),
    ),
    hints=(
        "accuracies[rank] is a dict from learning rate to accuracy. Which rate has the largest"
        " accuracy? And is it the smallest or the largest rate in that dict?",
        "max(by_rate, key=by_rate.get) is the best rate of one rank; it lies at an edge when it"
        " is in (min(by_rate), max(by_rate)).",
    ),
)

QUESTIONS = (path, alpha, rates)
