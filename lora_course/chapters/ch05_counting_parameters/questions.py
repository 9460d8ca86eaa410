"""Chapter 5, counting parameters: three questions, six points."""

from __future__ import annotations

from lora_course.chapters.ch05_counting_parameters import check_bytes, check_count, check_reach
from lora_course.checks.question import Part, Question

count = Question(
    room=__package__,
    name="count",
    title="An adapter from a config.json",
    function="count_adapter",
    parts=(
        Part("attention, in groups", 1, check_count.check("attention", "query and value")),
        Part("the MLP, and all", 1, check_count.check("MLP", "all linear")),
    ),
    hints=(
        "Write down rows and columns of each of the seven matrices. Which of them have hidden_size"
        " columns? How many rows has k_proj?",
        "q_proj has num_attention_heads · head_dim rows, k_proj and v_proj have"
        " num_key_value_heads · head_dim. o_proj leads back from q_proj's rows to hidden_size.",
        "Make a dict from a name to d_out + d_in, such as"
        ' {"up_proj": intermediate_size + hidden_size, …}. Sum it over the targets, and multiply by'
        " the rank and by the number of layers.",
    ),
)

size = Question(
    room=__package__,
    name="size",
    title="The bytes of an adapter's file",
    function="data_bytes",
    parts=(
        Part("with whole matrices", 1, check_bytes.check_whole),
        Part("with rows of single tokens", 1, check_bytes.check_rows),
    ),
    hints=(
        "There are three kinds of numbers in the file: of the adapter, of whole matrices, of single"
        " rows. How many are there of each?",
        "A whole matrix has vocabulary · hidden numbers, and there are len(saved) of them; a token"
        " has hidden.",
        "Only the whole matrices are in the base's type; the other two kinds take 4 bytes each.",
    ),
)

reach = Question(
    room=__package__,
    name="reach",
    title="What a list of targets reaches",
    function="reach",
    parts=(
        Part("the modules that get an adapter", 1, check_reach.check("adapted")),
        Part("the targets that reach nothing", 1, check_reach.check("idle")),
    ),
    hints=(
        "Write a small function that says whether one module is reached by one target.",
        'A module is reached when its name is the target, or ends in "." + target. A target may'
        " itself hold a dot.",
        "A module is adapted when any of the targets reaches it; a target is idle when it reaches"
        " not any of the modules.",
    ),
)

QUESTIONS = (count, size, reach)
