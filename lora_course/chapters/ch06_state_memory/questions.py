"""Chapter 6, weights, gradients, optimizer: three questions, six points."""

from __future__ import annotations

from lora_course.chapters.ch06_state_memory import check_peak, check_state, check_step
from lora_course.checks.question import Part, Question

state = Question(
    room=__package__,
    name="state",
    title="Bytes of optimizer state",
    function="state_bytes",
    parts=(
        Part("AdamW", 1, check_state.check("AdamW")),
        Part("8-bit AdamW", 1, check_state.check("AdamW8bit")),
    ),
    hints=(
        "Go tensor by tensor. How many entries has a tensor of that shape, and which names are"
        " tensors of their own?",
        "Leave out the names that are keys of `tied`. AdamW: two averages of 4 bytes for each"
        " entry, and a counter for the tensor.",
        "AdamW8bit decides for each tensor alone: fewer than 4,096 entries, and it is as AdamW"
        " without the counter; else two averages of one byte an entry.",
    ),
)

peak = Question(
    room=__package__,
    name="peak",
    title="The peak of a timeline",
    function="find_peak",
    parts=(
        Part("how much", 1, check_peak.check_bytes),
        Part("when", 1, check_peak.check_moment),
    ),
    hints=(
        "Walk through the events in order. What is held after each of them?",
        "Keep a running sum of the changes: what goes is below 0. Remember the largest sum so far.",
        "Remember where you were when the sum last rose above that largest one: > and not >=, so"
        " that the first of two equal moments stays.",
    ),
)

step = Question(
    room=__package__,
    name="step",
    title="The fullest moment of a step",
    function="step_peak",
    parts=(
        Part("gradients set to None", 1, check_step.check(set_to_none=True)),
        Part("gradients filled with zeros", 1, check_step.check(set_to_none=False)),
    ),
    hints=(
        "Two moments: the forward pass has just ended; the backward pass has just ended. What is"
        " held at each?",
        "Weights and state are held at both. What the forward pass keeps belongs to the first,"
        " the gradients to the second.",
        "One thing is missing: gradients that were not set to None are there at the first moment,"
        " too. Add them, then take the fuller moment.",
    ),
)

QUESTIONS = (state, peak, step)
