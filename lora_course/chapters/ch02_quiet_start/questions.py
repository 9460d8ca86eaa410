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
        Part("the gradient of B", 1, check_gradients.gradient("B")),
        Part("the gradient of A", 1, check_gradients.gradient("A")),
    ),
    hints=(
        "Call z = x Aᵀ what A hands to B: the update is s·z Bᵀ. So B is the matrix of a linear"
        " layer with input z, and A that of one with input x.",
        "For a linear layer y = x Wᵀ the gradient of W is Gᵀ x: what came out, turned, times what"
        " came in. Use that twice. Which gradient reaches the output of A's layer, z?",
        "z stands in s·z Bᵀ, so what reaches it is s·G B, of shape rows×r. Check the shapes: A's"
        " gradient is r×d_in, B's is d_out×r, and each holds s once.",
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
        "Quiet: what has to be 0 for the output to be the base's? Moves: look at your gradients of"
        " question (a). Which matrix stands in each of them?",
        "There are three matrices to ask: A, B, and the one that is added to W. For each: is any of"
        " its entries not 0?",
        "tensor.any() asks that, and bool(…) makes True or False of it. Quiet asks for the"
        " opposite. Which matrix has to be asked for A_moves: A or B?",
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
        "A parameter trains when its requires_grad is True. Decide by the name alone, for each"
        " parameter, whatever it was before.",
        "A module can have lora anywhere in its name. name.split('.') takes a name apart: look at"
        " its last part, and set requires_grad to True or to False, one of the two in any case.",
    ),
)

QUESTIONS = (gradients, starts, freezing)
