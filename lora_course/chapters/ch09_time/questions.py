"""Chapter 9, where the time goes: three questions, six points."""

from __future__ import annotations

from lora_course.chapters.ch09_time import check_flops, check_rank, check_ratio
from lora_course.checks.question import Part, Question

flops = Question(
    room=__package__,
    name="flops",
    title="The FLOPs of a step",
    function="step_flops",
    parts=(
        Part("full tuning", 1, check_flops.check("full")),
        Part("LoRA", 1, check_flops.check("lora")),
    ),
    hints=(
        "Take one matrix first. How many weights has it, how many numbers has its adapter, and"
        " which row of the table above speaks of which?",
        "Full tuning: three products, each 2·T·N. LoRA: the frozen matrix has two of them, the"
        " adapter all three, with its own n in place of N.",
        "N is d_out times d_in, n is rank times their sum. Add up 6·T·N over the matrices for one"
        " entry; for the other 4·T·N and 6·T·n.",
    ),
)

rank = Question(
    room=__package__,
    name="rank",
    title="Break-even",
    function="largest_cheaper_rank",
    parts=(Part("the largest rank that takes fewer FLOPs", 2, check_rank.check),),
    hints=(
        "What does freezing the matrix spare, and what do three products with the adapter cost?",
        "Fewer FLOPs means 6·T·n < 2·T·N. T drops out: n < N/3. Now put in n and N.",
        "The rank has to be below d_out·d_in / (3·(d_out + d_in)). Where that is a whole number, it"
        " is one too many.",
    ),
)

ratio = Question(
    room=__package__,
    name="ratio",
    title="Two times, compared",
    function="time_ratio",
    parts=(
        Part("the median of the rounds' ratios", 1, check_ratio.check_median),
        Part("the warm-up left out", 1, check_ratio.check_warm_up),
    ),
    hints=(
        "Round by round: the first number of a belongs to the first number of b. What do you"
        " compute in each round?",
        "zip(a, b) goes through the pairs. Make a list with one ratio for each round, a's seconds"
        " over b's.",
        "Of that list leave out the first warm_up entries, by a slice, and take"
        " statistics.median of what is left.",
    ),
)

QUESTIONS = (flops, rank, ratio)
