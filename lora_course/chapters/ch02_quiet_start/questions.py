"""Chapter 2, a quiet start: three questions, six points."""

from __future__ import annotations

from lora_course.chapters.ch02_quiet_start import (
    check_freezing,
    check_gradients,
    check_starts,
    freezing_probe,
)
from lora_course.checks.question import Part, Question

gradients = Question(
    room=__package__,
    name="gradients",
    title="The gradients of A and B",
    function="adapter_gradients",
    parts=(
        Part("the gradient of B", 1, check_gradients.gradient("B", zero=False)),
        Part("the gradient of A", 1, check_gradients.gradient("A", zero=True)),
    ),
    hints=(
        "Call z = x Aᵀ what A hands to B. Then the update is s·z Bᵀ, a linear layer of its own:"
        " its gradient for B is s·Gᵀ z. What reaches z, and from there A?",
        "G B·s reaches z (rows×r), so A's gradient is s·(G B)ᵀ x. Shapes: (r×rows)(rows×d_in)."
        " In code: scaling * (grad_y @ B).T @ x, and scaling * grad_y.T @ (x @ A.T).",
    ),
)

starts = Question(
    room=__package__,
    name="starts",
    title="What a start does",
    function="describe_start",
    parts=(
        Part("quiet or not", 1, check_starts.check_quiet),
        Part("what moves first", 1, check_starts.check_moves),
    ),
    hints=(
        "Quiet: what has to be 0 for the output to be the base's? Moves: which matrix stands in"
        " the gradient of A, and which in the gradient of B?",
        "quiet is not (B @ A).any(); A_moves is B.any(), since ∇A = s·(G B)ᵀ x; B_moves is"
        " A.any(). bool(…) makes True or False of a tensor.",
    ),
)

freezing = Question(
    room=__package__,
    name="freezing",
    title="Freeze all but the adapters",
    function="freeze_all_but_adapters",
    probe=freezing_probe.freeze,
    parts=(
        Part("everything else is frozen", 1, check_freezing.check_frozen),
        Part("the adapters train", 1, check_freezing.check_adapters),
    ),
    hints=(
        "model.named_parameters() gives every parameter with its name, such as"
        " block.q_proj.lora_A. Which names are to train?",
        "for name, parameter in model.named_parameters(): set parameter.requires_grad to whether"
        " the last part of the name, name.split('.')[-1], is lora_A or lora_B.",
    ),
)

QUESTIONS = (gradients, starts, freezing)
