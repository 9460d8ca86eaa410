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
        " When alpha grows c-fold, so does s, and √s grows √c-fold.",
        "The start: what has A's spread to be for √s A to stay as it was? The step: with SGD A"
        " moves by the rate times its gradient, s·(G B)ᵀx; with Adam by the rate alone.",
        "Write √s·(√s B) for s·B in SGD's step, for √s B is to stay. Then multiply both steps of A"
        " by √s: which power of s stands beside the rate now? That power of c undoes it.",
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
        "Look at the figure above: which rule kept the size of the first step, which one the fall"
        " of the loss?",
        "In Adam's first step the size goes as (alpha / r)·√r, the fall of the loss as"
        " (alpha / r)·r. Write each for the old rank and for the new one, and set them equal.",
        "Solve for the new alpha. In one of the two r cancels; in the other a root of rank /"
        " old_rank is left.",
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
        "accuracies[rank] is a dict from learning rate to accuracy. Take one rank: which rate has"
        " the largest accuracy?",
        "max over a dict compares its keys. max(…, key=…) compares what key makes of them: what"
        " turns a rate into its accuracy?",
        "min and max of such a dict are the lowest and the highest rate tried. A rank is at an edge"
        " when its best rate is one of these two.",
    ),
)

QUESTIONS = (path, alpha, rates)
