"""What learners answer in chapter 8, as they would type it, and what they must be told."""

from tests.chapters.fixture import BLANK, ERROR, RIGHT, WRONG, Fixture


def factor(body: str) -> str:
    return (
        "def answer(layers, head, method):\n    n = 3 if method == 'full' else 2\n"
        f"    return {body}\n"
    )


FACTOR = [
    Fixture("blank", "def answer(layers, head, method):\n    return ...\n", BLANK),
    Fixture("right", factor("1 + layers / (n * (layers + head))"), RIGHT),
    Fixture(
        "right, counted",
        factor("(n * (layers + head) + layers) / (n * (layers + head))"),
        RIGHT,
    ),
    Fixture(
        "right, passes listed",
        "def answer(layers, head, method):\n"
        "    forward, inputs = layers + head, layers + head\n"
        "    weights = layers + head if method == 'full' else 0\n"
        "    plain = forward + inputs + weights\n"
        "    return (plain + layers) / plain\n",
        RIGHT,
    ),
    Fixture(
        "right, in fp32",
        "import torch\n" + factor("(1 + torch.tensor(layers) / (n * (layers + head))).item()"),
        RIGHT,
    ),
    Fixture(
        "right, numpy",
        "import numpy\n" + factor("numpy.float64(1) + layers / numpy.sum([layers, head]) / n"),
        RIGHT,
    ),
    Fixture(
        "the famous number",
        factor("1 + 1 / n"),
        WRONG,
        "the head computed again",
        "Only the layers",
    ),
    Fixture(
        "always three",
        factor("1 + layers / (3 * (layers + head))"),
        WRONG,
        "full tuning's for LoRA",
        "frozen",
    ),
    Fixture(
        "always two",
        factor("1 + layers / (2 * (layers + head))"),
        WRONG,
        "LoRA's for full tuning",
        "as well",
    ),
    Fixture(
        "all twice", factor("1 + layers / (layers + head)"), WRONG, "all of it twice", "run again"
    ),
    Fixture("two", factor("2"), WRONG, "everything twice", "whole step"),
    Fixture("on top", factor("layers / (n * (layers + head))"), WRONG, "the extra alone", "on top"),
    Fixture(
        "upside down",
        factor("n * (layers + head) / (n * (layers + head) + layers)"),
        WRONG,
        "upside down",
        "more than 1",
    ),
    Fixture(
        "FLOPs", factor("n * (layers + head) + layers"), WRONG, "not divided", "Divide by those"
    ),
    Fixture("rounded", factor("round(1 + layers / (n * (layers + head)), 2)"), WRONG),
    Fixture("a string", factor("'1.5'"), WRONG, "another type", "float"),
    Fixture("fails", factor("layers / 0"), ERROR, words="ZeroDivisionError"),
]


def plan(held: str, best: str) -> str:
    return (
        "import math\n"
        "def answer(layers, boundary, inside, segment):\n"
        "    def at(k):\n        return layers // k * boundary + k * inside\n"
        "    lengths = [k for k in range(1, layers + 1) if layers % k == 0]\n"
        f"    return {{'held': {held}, 'best': {best}}}\n"
    )


HELD, BEST = "at(segment)", "min(lengths, key=at)"
PLAN = [
    Fixture("blank", "def answer(layers, boundary, inside, segment):\n    return ...\n", BLANK),
    Fixture("right", plan(HELD, BEST), RIGHT),
    Fixture(
        "right, by the root",
        plan(
            "layers / segment * boundary + segment * inside",
            "round(math.sqrt(layers * boundary / inside))",
        ),
        RIGHT,
    ),
    Fixture(
        "right, with numpy",
        "import numpy\n"
        + plan(HELD, "numpy.array(lengths)[numpy.argmin([at(k) for k in lengths])]"),
        RIGHT,
    ),
    Fixture(
        "right, in a loop",
        "def answer(layers, boundary, inside, segment):\n"
        "    best, least = None, None\n"
        "    for k in range(layers, 0, -1):\n"
        "        if layers % k:\n            continue\n"
        "        held = layers / k * boundary + k * inside\n"
        "        if k == segment:\n            asked = held\n"
        "        if least is None or held < least:\n            best, least = float(k), held\n"
        "    return {'held': asked, 'best': best}\n",
        RIGHT,
    ),
    Fixture(
        "all open",
        plan("layers // segment * boundary + layers * inside", BEST),
        WRONG,
        "all insides",
        "one after the other",
    ),
    Fixture(
        "one inside",
        plan("layers // segment * boundary + inside", BEST),
        WRONG,
        "one layer's inside",
        "all its layers",
    ),
    Fixture(
        "no boundaries",
        plan("segment * inside", BEST),
        WRONG,
        "boundaries forgotten",
        "add the boundaries",
    ),
    Fixture(
        "too many boundaries",
        plan("layers * boundary + segment * inside", BEST),
        WRONG,
        "a boundary a layer",
        "not for each layer",
    ),
    Fixture(
        "exchanged",
        plan("segment * boundary + layers // segment * inside", BEST),
        WRONG,
        "exchanged",
        "`segment` insides",
    ),
    Fixture(
        "nothing forgotten",
        plan("layers * inside", BEST),
        WRONG,
        "without checkpointing",
        "without checkpointing keeps",
    ),
    Fixture("√L", plan(HELD, "round(math.sqrt(layers))"), WRONG, "√layers", "same size"),
    Fixture(
        "√L, nearest",
        plan(HELD, "min(lengths, key=lambda k: abs(k - math.sqrt(layers)))"),
        WRONG,
        "√layers",
        "same size",
    ),
    Fixture(
        "times inside",
        plan(HELD, "round(math.sqrt(layers * inside / boundary))"),
        WRONG,
        "upside down",
        "shorter a segment",
    ),
    Fixture(
        "the root",
        plan(HELD, "math.sqrt(layers * boundary / inside)"),
        WRONG,
        "not rounded",
        "whole number",
    ),
    Fixture(
        "bytes",
        plan(HELD, "min(map(at, lengths))"),
        WRONG,
        "bytes, not the length",
        "Return the length",
    ),
    Fixture("max", plan(HELD, "max(lengths, key=at)"), WRONG, "the worst", "holds most"),
    Fixture("one", plan(HELD, "1"), WRONG, "always 1", "holds less"),
    Fixture(
        "how many",
        plan(HELD, "layers // min(lengths, key=at)"),
        WRONG,
        "upside down",
        "number of segments",
    ),
    Fixture(
        "a pair",
        plan(HELD, BEST).replace("{'held': ", "(").replace("'best': ", "")[:-2] + ")\n",
        WRONG,
        "another type",
        "dict",
    ),
    Fixture("no best", "def answer(*a):\n    return {'held': 1.0}\n", WRONG),
    Fixture("fails", plan("at(0)", BEST), ERROR, words="ZeroDivisionError"),
]


def run(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return (
        "import torch\nfrom torch import nn\nfrom torch.utils.checkpoint import checkpoint\n"
        f"def answer(blocks, x, segment):\n{lines}"
    )


def loop(options: str) -> str:
    return run(
        "for first in range(0, len(blocks), segment):\n"
        "    part = nn.Sequential(*blocks[first : first + segment])\n"
        f"    x = checkpoint(part, x, {options})\n"
        "return x"
    )


NO_REENTRY = "use_reentrant=False"
LATE = (
    "for first in range(0, len(blocks), segment):\n"
    "    def part(z):\n"
    "        for block in blocks[first : first + segment]:\n"
    "            z = block(z)\n"
    "        return z\n"
    f"    x = checkpoint(part, x, {NO_REENTRY})\n"
    "return x"
)
SEGMENTS = [
    Fixture("blank", run("return ..."), BLANK),
    Fixture("right", loop(NO_REENTRY), RIGHT),
    Fixture(
        "right, an input that asks",
        run("x = x.clone().requires_grad_()")
        + loop("use_reentrant=True").split("segment):\n", 1)[1],
        RIGHT,
    ),
    Fixture("right, bound", run(LATE.replace("part(z)", "part(z, first=first)")), RIGHT),
    Fixture(
        "right, an argument",
        run(
            "def part(z, first):\n"
            "    for number in range(first, min(first + segment, len(blocks))):\n"
            "        z = blocks[number](z)\n"
            "    return z\n"
            "for first in range(0, len(blocks), segment):\n"
            f"    x = checkpoint(part, x, first, {NO_REENTRY})\n"
            "return x"
        ),
        RIGHT,
    ),
    Fixture("reentrant", loop("use_reentrant=True"), WRONG, "reentrant", "is None"),
    Fixture(
        "no random state",
        loop(f"{NO_REENTRY}, preserve_rng_state=False"),
        WRONG,
        "the random state not kept",
        "another mask",
    ),
    Fixture("late", run(LATE), WRONG, "the last segment each time", "hand it over"),
    Fixture(
        "whole segments alone",
        loop(NO_REENTRY).replace("len(blocks)", "len(blocks) // segment * segment"),
        WRONG,
        "blocks left out",
        "may be shorter",
    ),
    Fixture(
        "plain",
        run("for block in blocks:\n    x = block(x)\nreturn x"),
        WRONG,
        "nothing computed again",
        "ran again",
    ),
    Fixture(
        "each block",
        run(f"for block in blocks:\n    x = checkpoint(block, x, {NO_REENTRY})\nreturn x"),
        WRONG,
        "a segment a block",
        "into one checkpoint",
    ),
    Fixture(
        "all in one",
        run(f"return checkpoint(nn.Sequential(*blocks), x, {NO_REENTRY})"),
        WRONG,
        "one segment",
        "opens all",
    ),
    Fixture(
        "so many segments",
        run("segment = -(-len(blocks) // segment)") + loop(NO_REENTRY).split("segment):\n", 1)[1],
        WRONG,
        "as many segments as there are blocks in one",
        "number of segments",
    ),
    Fixture(
        "no gradient", run("with torch.no_grad():\n    return nn.Sequential(*blocks)(x)"), WRONG
    ),
    Fixture("nothing", run("pass"), ERROR),
    Fixture("fails", run("return checkpoint(block, x)"), ERROR, words="NameError"),
]

TABLES = {"factor": FACTOR, "plan": PLAN, "segments": SEGMENTS}
