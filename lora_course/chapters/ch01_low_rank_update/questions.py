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
        "Write down how many numbers W has, and how many B (d_out×r) and A (r×d_in) have"
        " together. Which inequality must r obey?",
        "r·(d_out + d_in) < d_out·d_in. Integer division // rounds down; take care where it"
        " comes out even, since equally many is no saving.",
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
        " which order do x, Aᵀ and Bᵀ fit together? nn.Parameter makes a matrix trainable.",
        "self.base(x) + alpha / rank * (x @ A.T @ B.T) is the output; base.weight + alpha / rank"
        " * (B @ A) the merged weight. base.requires_grad_(False) freezes; torch.zeros(…,"
        " dtype=base.weight.dtype) keeps the base's precision.",
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
        "The energy of one direction is its singular value squared. Go through them from the"
        " largest on, and keep the sum so far.",
        "total = sum(v**2 for v in singular_values); then for r, v in enumerate(singular_values,"
        " start=1): add v**2, and return r once the sum is at least share * total.",
    ),
)

QUESTIONS = (saving, layer, energy)
