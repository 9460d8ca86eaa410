"""Chapter 1, the low-rank update: three questions, seven points."""

from __future__ import annotations

from lora_course.chapters.ch01_low_rank_update import (
    check_energy,
    check_layer,
    check_saving,
    layer_probe,
)
from lora_course.checks.question import Part, Question

saving = Question(
    room=__package__,
    name="saving",
    title="Up to which rank an adapter is smaller",
    function="largest_saving_rank",
    parts=(
        Part("square matrices", 1, check_saving.check_square),
        Part("rectangular matrices", 1, check_saving.check_rectangular),
    ),
    hints=(
        "Look at the shapes: W is d_out×d_in, B is d_out×r, A is r×d_in. How many numbers does each"
        " of the three hold?",
        "Write down as an inequality that B and A together hold fewer numbers than W, and solve it"
        " for r. What is the largest whole r for which it holds?",
        "// rounds down, which is nearly it. What if the division comes out even: does that r save"
        " anything? Try 4×4 by hand.",
    ),
)

layer = Question(
    room=__package__,
    name="layer",
    title="Build the layer",
    function="LoRALayer",
    probe=layer_probe.use_layer,
    parts=(
        Part("A and B train, the base does not", 1, check_layer.check_start),
        Part("the output, with B ≠ 0", 1, check_layer.check_output),
        Part("the merged weight", 1, check_layer.check_merged),
    ),
    hints=(
        "Start with the shapes: x is …×d_in, A is r×d_in, B is d_out×r, the output …×d_out. In"
        " which order do x, Aᵀ and Bᵀ fit together?",
        "(1) base.weight.shape is (d_out, d_in), base.weight.dtype its type; a module's"
        " requires_grad_(False) freezes it; nn.Parameter(…) makes a tensor trainable. (2) The base"
        " can compute its own part, bias and all. (3) Which product of B and A has W's shape?",
        "The update in (2) is (x @ …) @ …, times alpha / rank; in (3) the same factor stands before"
        " a product of the two matrices, without x. Neither line changes self.base.",
    ),
)

energy = Question(
    room=__package__,
    name="energy",
    title="How many directions hold a share of the update",
    function="rank_for_energy",
    parts=(
        Part("nine tenths, the default", 1, check_energy.check((None,))),
        Part("any share", 1, check_energy.check((0.5, 0.75, 0.97))),
    ),
    hints=(
        "The energy of one direction is its singular value squared. What is the energy of all of"
        " them together?",
        "Go through the directions from the largest on, and keep the sum so far. When is it large"
        " enough to stop?",
        "Compare the sum so far with share times the whole, after you have added the direction you"
        " are at. enumerate(…, start=1) counts directions from 1.",
    ),
)

QUESTIONS = (saving, layer, energy)
