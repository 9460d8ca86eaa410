"""Chapter 7, activations: three questions, seven points."""

from __future__ import annotations

from lora_course.chapters.ch07_activation_memory import check_break_even, check_inputs, check_layer
from lora_course.checks.question import Part, Question

layer = Question(
    room=__package__,
    name="layer",
    title="What one layer keeps",
    function="layer_keeps",
    parts=(
        Part(
            "frozen, and full tuning", 1, check_layer.check(("frozen", "full"), check_layer.OTHERS)
        ),
        Part("LoRA", 1, check_layer.check(("LoRA",), check_layer.LORA)),
    ),
    hints=(
        "Look at the table: which gradients does each way need, and what stands in each beside g?",
        "Count numbers for one token: x has d_in of them, Ax has one for each row of A. The weights"
        " are parameters, which are not counted.",
        "Then times the tokens, and times the bytes of a number: those of the base for full tuning;"
        " for LoRA those of the adapter, since x is copied into its type.",
    ),
)

inputs = Question(
    room=__package__,
    name="inputs",
    title="Shared or copied",
    function="inputs_kept",
    parts=(
        Part("one type", 1, check_inputs.check(((2, 2), (4, 4)), False, check_inputs.SAME)),
        Part("two types", 1, check_inputs.check(((2, 4), (4, 2)), False, check_inputs.COPIED)),
        Part("dropout", 1, check_inputs.check(((2, 2), (2, 4)), True, check_inputs.DROPPED)),
    ),
    hints=(
        "When do two modules keep the same tensor, and when does each have one of its own?",
        "Without dropout and with one type nothing is copied: collect the tensors by name, each"
        " once, and add up their widths. Otherwise add up the widths of all modules.",
        "A copy has the adapter's bytes a number; with dropout one byte more, for the mask. Do not"
        " forget the tokens.",
    ),
)

break_even = Question(
    room=__package__,
    name="break_even",
    title="Where LoRA takes more",
    function="more_from",
    parts=(
        Part("LoRA adds more a token", 1, check_break_even.check_crossing),
        Part("LoRA adds less", 1, check_break_even.check_never),
    ),
    hints=(
        "Two straight lines over the tokens. Which starts lower, by how much? Which is steeper?",
        "LoRA begins with an advantage in what stays. With each token it loses what it adds more.",
        "Divide the one by the other, and go up to a whole number. If nothing is lost, the lines"
        " never cross.",
    ),
)

QUESTIONS = (layer, inputs, break_even)
