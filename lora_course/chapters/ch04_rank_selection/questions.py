"""Chapter 4, rank selection: five questions, thirteen points."""

from __future__ import annotations

from lora_course.chapters.ch04_rank_selection import (
    check_adapter_memory,
    check_choice,
    check_lora_params,
    check_rank_comparison,
    check_rank_comparison_adapters,
    check_sweep,
    check_sweep_config,
    sweep_probe,
)
from lora_course.checks.question import Part, Question

lora_params = Question(
    room=__package__,
    name="lora_params",
    title="Count the trainable parameters",
    function="estimate_lora_params",
    parts=(
        Part("square matrices, every layer", 1, check_lora_params.check_square),
        Part("rectangular matrices", 1, check_lora_params.check_rectangular),
    ),
    hints=(
        "Write down the shapes of B and A for one W of d_out×d_in, and count their entries.",
        "layer_dim is an int for square matrices, where both sides are that long; otherwise it is a"
        " pair. isinstance(layer_dim, int) tells which.",
        "Add the entries of B and of A: both hold r, each with another side of W. How often is"
        " there such a pair in the whole model?",
    ),
)

adapter_memory = Question(
    room=__package__,
    name="adapter_memory",
    title="Memory of adapter, gradients and optimizer",
    function="adapter_memory",
    parts=(
        Part("fp32 adapters, 4 bytes a value", 1, check_adapter_memory.memory((4, None))),
        Part("any precision", 1, check_adapter_memory.memory((2, 4))),
    ),
    hints=(
        "For each trainable value training keeps the value itself, its gradient, and whatever"
        " AdamW remembers about it. How many numbers does AdamW remember?",
        "AdamW keeps two moments a value. All of them, the gradient too, are in the value's own"
        " precision.",
        "With n values of b bytes: how many bytes are the adapter, its gradients, and both moments?"
        " A MB has 1e6 bytes.",
    ),
)

rank_comparison = Question(
    room=__package__,
    name="rank_comparison",
    title="Compare ranks by training",
    function="run_rank_comparison",
    parts=(
        Part(
            "one experiment a rank and seed, with its count", 1, check_rank_comparison.check_table
        ),
        Part(
            "trained by the recipe, tested on held-out pairs",
            1,
            check_rank_comparison_adapters.check_adapters,
        ),
        Part("training time measured", 1, check_rank_comparison.check_times),
    ),
    hints=(
        "Two loops: seeds outside, ranks inside. What has to be new for each run, so that no run"
        " goes on from another?",
        "Inside: make and adapt a fresh model, train it, evaluate it, append one RankExperiment."
        " adapt takes rank, alpha and seed; whatever draws gets the seed.",
        "fit trains on task.train of the seed and returns a history: its .seconds is the training"
        " time. evaluate on task.test() is the accuracy, count_trainable the count, and"
        " adapter_state the weights that RankExperiment wants as adapter. Where does a seed go in?",
    ),
)

choice = Question(
    room=__package__,
    name="choice",
    title="Choose a rank and defend it",
    function="choose_rank_by_hand",
    parts=(
        Part("the smallest rank within one standard error", 1, check_choice.check_choice),
        Part("the numbers that defend it", 1, check_choice.check_evidence),
        Part("one seed cannot tell", 1, check_choice.check_one_seed),
    ),
    hints=(
        "Find the rank with the best mean. For each rank, take the best rank's accuracies minus"
        " its own, seed by seed: how large is the mean of these differences against their"
        " standard error?",
        "The standard error of a mean is the standard deviation of what was averaged, by n − 1"
        " (statistics.stdev), divided by the root of how many there are. One seed has none.",
        "Go through the ranks from the smallest. Stop at the first that is behind by at most one"
        " standard error; the best one is behind itself by 0. Its four numbers are the answer.",
    ),
)

sweep = Question(
    room=__package__,
    name="sweep",
    title="The card, for a model of your own",
    function="sweep",
    probe=sweep_probe.sweep,
    parts=(
        Part("each rank's LoraConfig", 1, check_sweep_config.check_configs),
        Part("every rank, rate and seed", 1, check_sweep.check_pairs),
        Part("widened until no rank is best at an edge", 1, check_sweep.check_widened),
    ),
    hints=(
        "Three loops: ranks, rates, seeds. Which of the three does a LoraConfig depend on? Keep"
        " what train gives in a dict for each rank, with a list for each rate.",
        "After the loops find each rank's best rate: the one whose losses have the lowest mean. Is"
        " it the smallest or the largest of the rates tried?",
        "Put the loops into `while True:`. Half of the smallest rate, or twice the largest, is the"
        " one to add; what has been trained already need not be trained again. With no rank at an"
        " edge, return.",
    ),
)

QUESTIONS = (lora_params, adapter_memory, rank_comparison, choice, sweep)
