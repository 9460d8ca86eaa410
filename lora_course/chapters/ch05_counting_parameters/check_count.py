"""Chapter 5, question (a): count an adapter from the fields of a config.json."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from lora_course.checks.answer import Answer
from lora_course.checks.question import Mistake, compare
from lora_course.memory.fields import decoder_fields
from lora_course.models.architectures import TARGETS, Decoder, Shape

FUNCTION = "count_adapter"
FIELDS = (
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
)
Config = dict[str, int]
Shapes = dict[str, Shape]


def _shapes(config: Config, **changed: int) -> Shapes:
    """The linear layers of one block, name -> (d_out, d_in)."""
    hidden, inner, _, heads, kv_heads, head_dim = (
        changed.get(field, config[field]) for field in FIELDS
    )
    return Decoder(hidden, inner, 1, heads, kv_heads, 0, head_dim).matrices()


def right(config: Config, rank: int, targets: Sequence[str]) -> int:
    """r·(d_out + d_in) for each target of a block, times the blocks."""
    shapes = _shapes(config)
    return config["num_hidden_layers"] * rank * sum(sum(shapes[name]) for name in targets)


Counter = Callable[[Config, int, Sequence[str]], int]


def _of(shapes: Callable[[Config], Shapes], each: Callable[[int, int], int]) -> Counter:
    """The same sum with other shapes, or with another number for each matrix."""

    def count(config: Config, rank: int, targets: Sequence[str]) -> int:
        found = shapes(config)
        return config["num_hidden_layers"] * rank * sum(each(*found[name]) for name in targets)

    return count


def _sum(d_out: int, d_in: int) -> int:
    return d_out + d_in


def _with(field: str, value: Callable[[Config], int]) -> Counter:
    """The right sum of a model that has another `field`."""
    return _of(lambda config: _shapes(config, **{field: value(config)}), _sum)


def _square_queries(config: Config) -> Shapes:
    """q_proj and o_proj as if they were square."""
    return dict.fromkeys(("q_proj", "o_proj"), (config["hidden_size"], config["hidden_size"]))


MISTAKES = (
    Mistake(
        "one layer only",
        lambda config, rank, targets: right(config | {"num_hidden_layers": 1}, rank, targets),
        "That is one block. The model has num_hidden_layers of them.",
    ),
    Mistake(
        "squares",
        lambda config, rank, targets: (
            config["num_hidden_layers"] * rank * len(targets) * 2 * config["hidden_size"]
        ),
        "That takes every matrix for hidden_size × hidden_size. Write down each one's rows and"
        " columns.",
    ),
    Mistake(
        "no groups",
        _with("num_key_value_heads", lambda config: config["num_attention_heads"]),
        "k_proj and v_proj have num_key_value_heads · head_dim rows: fewer than q_proj.",
    ),
    Mistake(
        "everything in groups",
        _with("num_attention_heads", lambda config: config["num_key_value_heads"]),
        "Only k_proj and v_proj are narrow. q_proj has num_attention_heads · head_dim rows, and"
        " o_proj as many columns.",
    ),
    Mistake(
        "heads times head_dim taken for hidden_size",
        _of(lambda config: _shapes(config) | _square_queries(config), _sum),
        "q_proj has num_attention_heads · head_dim rows, o_proj as many columns: that need not be"
        " hidden_size.",
    ),
    Mistake(
        "head_dim from hidden_size",
        _with("head_dim", lambda config: config["hidden_size"] // config["num_attention_heads"]),
        "head_dim is given, and need not be hidden_size / num_attention_heads.",
    ),
    Mistake(
        "head_dim forgotten",
        _with("head_dim", lambda config: 1),
        "A head has head_dim rows: multiply the number of heads by it.",
    ),
    Mistake(
        "all seven",
        lambda config, rank, targets: right(config, rank, TARGETS["all linear"]),
        "Those are all seven matrices of a block. Count the targets only.",
    ),
    Mistake(
        "the full matrices",
        _of(_shapes, lambda d_out, d_in: d_out * d_in),
        "d_out · d_in is W, which is frozen. A and B have r · (d_out + d_in) numbers.",
    ),
    Mistake(
        "B alone",
        _of(_shapes, lambda d_out, d_in: d_out),
        "That is B, d_out × r. Add A, r × d_in.",
    ),
    Mistake(
        "A alone",
        _of(_shapes, lambda d_out, d_in: d_in),
        "That is A, r × d_in. Add B, d_out × r.",
    ),
    Mistake(
        "the MLP as wide as the rest",
        _with("intermediate_size", lambda config: config["hidden_size"]),
        "The MLP's inside is intermediate_size wide: gate_proj and up_proj lead there, down_proj"
        " leads back.",
    ),
)


def check(*kinds: str) -> Callable[[Answer, random.Random], None]:
    """A check with the targets of these kinds, some of them left out."""

    def run(answer: Answer, draws: random.Random) -> None:
        compare(answer, FUNCTION, [_case(draws, kind) for kind in kinds], right, MISTAKES)

    return run


def _case(draws: random.Random, kind: str) -> list[object]:
    """A small model, in which heads times head_dim is not hidden_size, a rank, and targets."""
    heads = draws.choice((8, 12, 16))
    shape = Decoder(
        hidden=draws.choice((512, 704, 896)),
        intermediate=draws.choice((1376, 1792, 2432)),
        layers=draws.randint(6, 30),
        heads=heads,
        kv_heads=heads // draws.choice((2, 4)),
        vocab=1,
        head_dim=draws.choice((96, 128)),
    )
    fields = decoder_fields(shape)
    targets = list(TARGETS[kind])
    draws.shuffle(targets)
    return [{field: fields[field] for field in FIELDS}, draws.choice((3, 6, 12)), targets]
