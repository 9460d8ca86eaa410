"""Chapter 8, activation checkpointing: three questions, six points."""

from __future__ import annotations

from lora_course.chapters.ch08_checkpointing import (
    check_factor,
    check_plan,
    check_segments,
    segments_probe,
)
from lora_course.checks.question import Part, Question

factor = Question(
    room=__package__,
    name="factor",
    title="What checkpointing costs",
    function="flops_factor",
    parts=(
        Part("full tuning", 1, check_factor.check("full")),
        Part("LoRA", 1, check_factor.check("LoRA")),
    ),
    hints=(
        "Count in forward passes. What does a step take without checkpointing, what comes on top?",
        "Backward, gradients to the inputs take as much as forward, for layers and head; those to"
        " the weights take as much again, where the weights train.",
        "Without: 3 or 2 times (layers + head), by the method. With checkpointing, the layers, and"
        " they alone, go forward once more. Divide.",
    ),
)

plan = Question(
    room=__package__,
    name="plan",
    title="Segments: what is held, and the best length",
    function="plan",
    parts=(
        Part("bytes at the peak", 1, check_plan.check_held),
        Part("the best length", 1, check_plan.check_best),
    ),
    hints=(
        "Look at the table: which column gives the number of boundaries, which that of insides?",
        "Write a function of the length alone: layers // length boundaries and `length` insides.",
        "For best, go through all lengths from 1 to layers that leave no rest, and let min(…,"
        " key=…) compare what that function gives.",
    ),
)

segments = Question(
    room=__package__,
    name="segments",
    title="Run blocks in segments",
    function="run_in_segments",
    probe=segments_probe.run,
    parts=(
        Part("the gradients of a plain run", 1, check_segments.check_gradients),
        Part("each segment computed again as a whole", 1, check_segments.check_again),
    ),
    hints=(
        "checkpoint(function, x, …) calls function(x, …) now, and once more in the backward pass."
        " Which function runs some blocks in a row?",
        "range(0, len(blocks), segment) gives where each segment starts. nn.Sequential(*some) is"
        " one function that runs `some` blocks; a slice may end beyond the last block.",
        "In the loop, what came out of one segment goes into the next. And x asks for no gradient:"
        " which use_reentrant does not mind?",
    ),
)

QUESTIONS = (factor, plan, segments)
