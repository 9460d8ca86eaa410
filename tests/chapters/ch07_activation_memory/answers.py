"""What learners answer in chapter 7, as they would type it, and what they must be told."""

from tests.chapters.fixture import BLANK, ERROR, RIGHT, WRONG, Fixture


def layer(lora: str, full: str = "tokens * d_in * base_bytes", frozen: str = "0") -> str:
    return (
        "def answer(way, tokens, d_out, d_in, rank, base_bytes, adapter_bytes):\n"
        f"    lora, full, frozen = {lora}, {full}, {frozen}\n"
        "    return {'LoRA': lora, 'full': full, 'frozen': frozen}[way]\n"
    )


LORA = "tokens * (d_in + rank) * adapter_bytes"
FULL = "tokens * d_in * base_bytes"
LAYER = [
    Fixture(
        "blank",
        "def answer(way, tokens, d_out, d_in, rank, base_bytes, adapter_bytes):\n    return ...\n",
        BLANK,
        words="still returns the dots",
    ),
    Fixture("right", layer(LORA), RIGHT),
    Fixture(
        "right, as tensors",
        "import torch\n"
        "def answer(way, tokens, d_out, d_in, rank, base_bytes, adapter_bytes):\n"
        "    if way == 'frozen':\n"
        "        return 0.0\n"
        "    kept = [torch.empty(tokens, d_in)] + [torch.empty(tokens, rank)] * (way == 'LoRA')\n"
        "    each = adapter_bytes if way == 'LoRA' else base_bytes\n"
        "    return sum(tensor.numel() for tensor in kept) * each\n",
        RIGHT,
    ),
    Fixture(
        "right, with numpy",
        "import numpy\n"
        + layer(
            "numpy.prod([tokens, d_in + rank, adapter_bytes])", f"numpy.float32({FULL})", "0.0"
        ),
        RIGHT,
    ),
    Fixture("right, rounded", layer(f"float({LORA})", f"round({FULL})"), RIGHT),
    Fixture("only Ax", layer("tokens * rank * adapter_bytes"), WRONG, "only Ax", "x itself"),
    Fixture("only x", layer("tokens * d_in * adapter_bytes"), WRONG, "only x", "B's need"),
    Fixture(
        "base's type",
        layer("tokens * (d_in + rank) * base_bytes"),
        WRONG,
        "all in the base's type",
        "the copy is kept",
    ),
    Fixture(
        "x in the base's type",
        layer("tokens * (d_in * base_bytes + rank * adapter_bytes)"),
        WRONG,
        "x in the base's type",
        "the copy is kept",
    ),
    Fixture("x twice", layer(f"{FULL} + {LORA}"), WRONG, "x twice", "keeps no x"),
    Fixture(
        "output too",
        layer(f"{LORA} + tokens * d_out * adapter_bytes"),
        WRONG,
        "the output of B",
        "No gradient",
    ),
    Fixture(
        "parameters too",
        layer(f"{LORA} + rank * (d_in + d_out) * adapter_bytes"),
        WRONG,
        "A and B counted",
        "parameters",
    ),
    Fixture(
        "a token",
        layer("(d_in + rank) * adapter_bytes"),
        WRONG,
        "one token",
        "Every token has an x",
    ),
    Fixture(
        "frozen as full", layer(LORA, frozen=FULL), WRONG, "a frozen layer keeps x", "nothing of x"
    ),
    Fixture(
        "the output",
        layer(LORA, "tokens * d_out * base_bytes"),
        WRONG,
        "the output",
        "g times x",
    ),
    Fixture(
        "both ends",
        layer(LORA, "tokens * (d_in + d_out) * base_bytes"),
        WRONG,
        "input and output",
        "next layer",
    ),
    Fixture(
        "with W",
        layer(LORA, f"{FULL} + d_in * d_out * base_bytes"),
        WRONG,
        "the weights counted",
        "there anyway",
    ),
    Fixture("one x", layer(LORA, "d_in * base_bytes"), WRONG, "one token", "Every token"),
    Fixture("a text", layer("'x and Ax'"), WRONG, "another type"),
    Fixture("a wrong name", layer("tokens * d * adapter_bytes"), ERROR, words="NameError"),
    Fixture("called", "answer = 4096.0", ERROR, words="without calling it"),
]


def inputs(body: str) -> str:
    return (
        "def answer(tokens, reads, base_bytes, adapter_bytes, dropout):\n"
        "    every = sum(width for _, width in reads.values())\n"
        "    shared = sum({name: width for name, width in reads.values()}.values())\n"
        "    same = base_bytes == adapter_bytes\n"
        f"    return {body}\n"
    )


MASKED = "(adapter_bytes + bool(dropout))"
NUMBERS = "(shared if same and not dropout else every)"
INPUTS = [
    Fixture(
        "blank",
        "def answer(tokens, reads, base_bytes, adapter_bytes, dropout):\n    return ...\n",
        BLANK,
        words="still returns the dots",
    ),
    Fixture("right", inputs(f"tokens * {NUMBERS} * {MASKED}"), RIGHT),
    Fixture(
        "right, in a loop",
        "def answer(tokens, reads, base_bytes, adapter_bytes, dropout):\n"
        "    seen, total = set(), 0\n"
        "    for module, (name, width) in reads.items():\n"
        "        if dropout > 0:\n"
        "            total += width * adapter_bytes + width\n"
        "        elif base_bytes != adapter_bytes or name not in seen:\n"
        "            total += width * adapter_bytes\n"
        "        seen.add(name)\n"
        "    return tokens * total\n",
        RIGHT,
    ),
    Fixture(
        "right, with numpy",
        "import numpy\n"
        + inputs(f"numpy.int64(tokens) * numpy.float64({NUMBERS}) * numpy.sum([{MASKED}])"),
        RIGHT,
    ),
    Fixture(
        "a copy each", inputs(f"tokens * every * {MASKED}"), WRONG, "never shared", "one tensor"
    ),
    Fixture(
        "by width",
        inputs(
            "tokens * (sum({w for _, w in reads.values()}) if same and not dropout else every)"
            f" * {MASKED}"
        ),
        WRONG,
        "shared by width",
        "their names",
    ),
    Fixture(
        "one token",
        inputs(f"{NUMBERS} * {MASKED}"),
        WRONG,
        "tokens left out",
        "Every token",
    ),
    Fixture(
        "always shared",
        inputs(f"tokens * shared * {MASKED}"),
        WRONG,
        "always shared",
        "each adapter makes its own",
    ),
    Fixture(
        "always shared, one mask",
        inputs(f"tokens * shared * {MASKED}"),
        WRONG,
        "one mask for all",
        "its own mask",
    ),
    Fixture(
        "the base's bytes",
        inputs(f"tokens * {NUMBERS} * (base_bytes + bool(dropout))"),
        WRONG,
        "in the base's type",
        "A's own type",
    ),
    Fixture(
        "with the tensor",
        inputs(f"tokens * {NUMBERS} * {MASKED} + (0 if same else tokens * shared * base_bytes)"),
        WRONG,
        "the tensor and its copies",
        "keeps nothing",
    ),
    Fixture(
        "no mask",
        inputs(f"tokens * {NUMBERS} * adapter_bytes"),
        WRONG,
        "the mask left out",
        "a byte a number",
    ),
    Fixture(
        "a CPU's mask",
        inputs(f"tokens * {NUMBERS} * adapter_bytes * (1 + bool(dropout))"),
        WRONG,
        "the mask as wide as its input",
        "On a GPU",
    ),
    Fixture(
        "before and after",
        inputs(f"tokens * {NUMBERS} * (2 * adapter_bytes + 1 if dropout else adapter_bytes)"),
        WRONG,
        "before and after",
        "from before",
    ),
    Fixture(
        "shared, with masks",
        inputs(
            f"tokens * (shared * adapter_bytes + every if dropout else {NUMBERS} * adapter_bytes)"
        ),
        WRONG,
        "a shared tensor, masks beside it",
        "no longer the shared tensor",
    ),
    Fixture(
        "masks alone",
        inputs(f"tokens * every if dropout else tokens * {NUMBERS} * adapter_bytes"),
        WRONG,
        "only the mask",
        "needs that copy",
    ),
    Fixture("a list", inputs("[tokens, every]"), WRONG, "another type"),
    Fixture("a missing module", inputs("reads['lm_head'][1]"), ERROR, words="KeyError"),
]


def more_from(body: str) -> str:
    return (
        "import math\n"
        "def answer(lora_stays, lora_each, full_stays, full_each):\n"
        "    more, ahead = lora_each - full_each, full_stays - lora_stays\n"
        f"    return {body}\n"
    )


BREAK_EVEN = [
    Fixture(
        "blank",
        "def answer(lora_stays, lora_each, full_stays, full_each):\n    return ...\n",
        BLANK,
        words="still returns the dots",
    ),
    Fixture("right", more_from("ahead // more + 1 if more > 0 else None"), RIGHT),
    Fixture("right, rounded up", more_from("math.ceil(ahead / more) if more > 0 else None"), RIGHT),
    Fixture(
        "right, a float",
        "import numpy\n" + more_from("numpy.ceil(ahead / more) if more > 0 else None"),
        RIGHT,
    ),
    Fixture(
        "right, by trying",
        "def answer(lora_stays, lora_each, full_stays, full_each):\n"
        "    for tokens in range(100_000):\n"
        "        if lora_stays + lora_each * tokens > full_stays + full_each * tokens:\n"
        "            return tokens\n",
        RIGHT,
    ),
    Fixture(
        "down",
        more_from("ahead // more if more > 0 else None"),
        WRONG,
        "rounded down",
        "next whole",
    ),
    Fixture(
        "a fraction",
        more_from("ahead / more if more > 0 else None"),
        WRONG,
        "no whole number",
        "first whole number",
    ),
    Fixture(
        "LoRA alone",
        more_from("ahead // lora_each + 1 if more > 0 else None"),
        WRONG,
        "LoRA's tokens alone",
        "Full tuning keeps",
    ),
    Fixture(
        "full alone",
        more_from("ahead // full_each + 1 if more > 0 else None"),
        WRONG,
        "full tuning's tokens alone",
        "LoRA keeps",
    ),
    Fixture(
        "what stays, added",
        more_from("(full_stays + lora_stays) // more + 1 if more > 0 else None"),
        WRONG,
        "what stays added up",
        "the difference of the two",
    ),
    Fixture(
        "each, added",
        more_from("ahead // (lora_each + full_each) + 1 if more > 0 else None"),
        WRONG,
        "tokens added up",
        "by the difference",
    ),
    Fixture(
        "upside down",
        more_from("more / ahead if more > 0 else None"),
        WRONG,
        "upside down",
        "Divide the advantage",
    ),
    Fixture(
        "below zero",
        more_from("math.ceil(ahead / more)"),
        WRONG,
        "a place all the same",
        "Return None",
    ),
    Fixture(
        "without a sign",
        more_from("math.ceil(ahead / abs(more))"),
        WRONG,
        "a place all the same",
        "its advantage grows",
    ),
    Fixture(
        "zero", more_from("ahead // more + 1 if more > 0 else 0"), WRONG, "0 for never", "always"
    ),
    Fixture("a text", more_from("'never'"), WRONG, "another type"),
    Fixture("a name unknown", more_from("tokens"), ERROR, words="NameError"),
]

TABLES = {"layer": LAYER, "inputs": INPUTS, "break_even": BREAK_EVEN}
