"""What learners answer in chapter 9, as they would type it, and what they must be told."""

from tests.chapters.fixture import BLANK, ERROR, RIGHT, WRONG, Fixture


def flops(full: str, lora: str) -> str:
    return (
        "def answer(shapes, tokens, rank):\n"
        "    N = sum(d_out * d_in for d_out, d_in in shapes)\n"
        "    n = sum(rank * (d_out + d_in) for d_out, d_in in shapes)\n"
        f"    return {{'full': {full}, 'lora': {lora}}}\n"
    )


FULL, LORA = "6 * tokens * N", "4 * tokens * N + 6 * tokens * n"
FLOPS = [
    Fixture(
        "blank",
        "def answer(shapes, tokens, rank):\n    return ...\n",
        BLANK,
        words="still returns the dots",
    ),
    Fixture("right", flops(FULL, LORA), RIGHT),
    Fixture("right, more told", flops(FULL, f"{LORA}, 'n': n"), RIGHT),
    Fixture(
        "right, with numpy",
        "import numpy\n"
        "def answer(shapes, tokens, rank):\n"
        "    sizes = numpy.array(shapes)\n"
        "    N, n = sizes.prod(1).sum(), rank * sizes.sum()\n"
        "    return {'full': 6 * tokens * N, 'lora': tokens * (4 * N + 6 * n)}\n",
        RIGHT,
    ),
    Fixture(
        "right, with torch in fp32",
        "import torch\n"
        "def answer(shapes, tokens, rank):\n"
        "    sizes = torch.tensor(shapes, dtype=torch.float32)\n"
        "    N, n = sizes.prod(1).sum(), rank * sizes.sum()\n"
        "    return {'full': (6 * tokens * N).item(),\n"
        "            'lora': (tokens * (4 * N + 6 * n)).item()}\n",
        RIGHT,
    ),
    Fixture(
        "right, matrix by matrix",
        "def answer(shapes, tokens, rank):\n"
        "    full = lora = 0\n"
        "    for d_out, d_in in shapes:\n"
        "        product = 2 * tokens * d_out * d_in\n"
        "        a, b = 2 * tokens * rank * d_in, 2 * tokens * d_out * rank\n"
        "        full += 3 * product\n"
        "        lora += 2 * product + 3 * a + 3 * b\n"
        "    return {'full': full, 'lora': lora}\n",
        RIGHT,
    ),
    Fixture(
        "two thirds",
        flops(FULL, "4 * tokens * N"),
        WRONG,
        "the adapter forgotten",
        "A and B take FLOPs",
    ),
    Fixture(
        "nothing spared",
        flops(FULL, "6 * tokens * (N + n)"),
        WRONG,
        "the frozen weights' gradients kept",
        "two products are left",
    ),
    Fixture(
        "adapter forward",
        flops(FULL, "4 * tokens * N + 2 * tokens * n"),
        WRONG,
        "the adapter's forward pass alone",
        "go backward",
    ),
    Fixture(
        "adapter frozen",
        flops(FULL, "4 * tokens * (N + n)"),
        WRONG,
        "the adapter as if frozen",
        "weight gradients as well",
    ),
    Fixture(
        "no way back",
        flops(FULL, "2 * tokens * N + 6 * tokens * n"),
        WRONG,
        "nothing goes back through the frozen weights",
        "input gradients",
    ),
    Fixture(
        "once",
        flops("3 * tokens * N", "2 * tokens * N + 3 * tokens * n"),
        WRONG,
        "a multiplication and an addition as one",
        "two FLOPs",
    ),
    Fixture(
        "forward alone",
        flops("2 * tokens * N", "2 * tokens * (N + n)"),
        WRONG,
        "the forward pass alone",
        "goes backward, too",
    ),
    Fixture(
        "one product back",
        flops("4 * tokens * N", LORA),
        WRONG,
        "the backward pass as one product",
        "two products",
    ),
    Fixture("one token", flops("6 * N", "4 * N + 6 * n"), WRONG, "one token", "`tokens` of them"),
    Fixture(
        "first matrix",
        "def answer(shapes, tokens, rank):\n"
        "    (d_out, d_in), *_ = shapes\n"
        "    N, n = d_out * d_in, rank * (d_out + d_in)\n"
        "    return {'full': 6 * tokens * N, 'lora': tokens * (4 * N + 6 * n)}\n",
        WRONG,
        "one matrix",
        "all of `shapes`",
    ),
    Fixture(
        "n by the product",
        flops(FULL, "4 * tokens * N + 6 * tokens * rank * N"),
        WRONG,
        "the adapter's numbers by the product",
        "d_out + d_in",
    ),
    Fixture(
        "a pair",
        f"def answer(shapes, tokens, rank):\n    N = n = 1\n    return {FULL}, {LORA}\n",
        WRONG,
        "another type",
        "dict",
    ),
    Fixture("wrong name", flops(FULL, "4 * token * N"), ERROR, words="NameError"),
]


def rank(body: str) -> str:
    return f"def answer(d_out, d_in):\n    {body}\n"


RANK = [
    Fixture("blank", rank("return ..."), BLANK, words="still returns the dots"),
    Fixture("right", rank("return (d_out * d_in - 1) // (3 * (d_out + d_in))"), RIGHT),
    Fixture(
        "right, by ceil",
        "from math import ceil\nfrom fractions import Fraction\n"
        + rank("return ceil(Fraction(d_out * d_in, 3 * (d_out + d_in))) - 1"),
        RIGHT,
    ),
    Fixture(
        "right, tried one by one",
        rank(
            "r = 0\n"
            "    while 6 * (r + 1) * (d_out + d_in) < 2 * d_out * d_in:\n"
            "        r += 1\n"
            "    return r"
        ),
        RIGHT,
    ),
    Fixture(
        "right, with numpy",
        "import numpy\n"
        + rank(
            "ranks = numpy.arange(1, max(d_out, d_in))\n"
            "    return ranks[6 * ranks * (d_out + d_in) < 2 * d_out * d_in].max()"
        ),
        RIGHT,
    ),
    Fixture(
        "as many",
        rank("return d_out * d_in // (3 * (d_out + d_in))"),
        WRONG,
        "break-even itself",
        "not fewer",
    ),
    Fixture(
        "up",
        "from math import ceil\n" + rank("return ceil(d_out * d_in / (3 * (d_out + d_in)))"),
        WRONG,
        "rounded up",
        "round down",
    ),
    Fixture(
        "numbers",
        rank("return (d_out * d_in - 1) // (d_out + d_in)"),
        WRONG,
        "numbers compared, not FLOPs",
        "n < N/3",
    ),
    Fixture(
        "d / 6", rank("return (d_out - 1) // 6"), WRONG, "a sixth of the width", "square matrices"
    ),
    Fixture(
        "the smaller d / 6",
        rank("return (min(d_out, d_in) - 1) // 6"),
        WRONG,
        "a sixth of the smaller side",
        "square matrices",
    ),
    Fixture(
        "half",
        rank("return min(d_out, d_in) // 2"),
        WRONG,
        "half the smaller side",
        "6·T·n",
    ),
    Fixture(
        "no input gradients",
        rank("return (2 * d_out * d_in - 1) // (3 * (d_out + d_in))"),
        WRONG,
        "the input gradients forgotten",
        "the layer below",
    ),
    Fixture("not whole", rank("return d_out * d_in / (3 * (d_out + d_in))"), WRONG),
    Fixture("a string", rank("return 'd/6'"), WRONG, "another type", "int"),
    Fixture(
        "one size", "def answer(d):\n    return d // 6\n", ERROR, words="does not fit the call"
    ),
]


def ratio(body: str) -> str:
    return f"from statistics import fmean, median\ndef answer(a, b, warm_up):\n    {body}\n"


CUT = "a, b = a[warm_up:], b[warm_up:]\n    "
PAIRS = "[x / y for x, y in zip(a, b)]"
RATIO = [
    Fixture("blank", ratio("return ..."), BLANK, words="still returns the dots"),
    Fixture("right", ratio(f"return median({PAIRS}[warm_up:])"), RIGHT),
    Fixture("right, cut first", ratio(f"{CUT}return median({PAIRS})"), RIGHT),
    Fixture(
        "right, with numpy",
        "import numpy\n"
        + ratio("return numpy.median((numpy.array(a) / numpy.array(b))[warm_up:])"),
        RIGHT,
    ),
    Fixture(
        "right, with torch's quantile in fp32",
        "import torch\n"
        + ratio(
            "ratios = torch.tensor(a) / torch.tensor(b)\n"
            "    return ratios[warm_up:].quantile(0.5).item()"
        ),
        RIGHT,
    ),
    Fixture(
        "torch's median takes the lower of two",
        "import torch\n"
        + ratio("return (torch.tensor(a) / torch.tensor(b))[warm_up:].median().item()"),
        WRONG,
    ),
    Fixture(
        "upside down",
        ratio(f"{CUT}return median([y / x for x, y in zip(a, b)])"),
        WRONG,
        "upside down",
        "b takes as a",
    ),
    Fixture(
        "medians",
        ratio(f"{CUT}return median(a) / median(b)"),
        WRONG,
        "the ratio of medians",
        "each round first",
    ),
    Fixture(
        "means",
        ratio(f"{CUT}return fmean(a) / fmean(b)"),
        WRONG,
        "the ratio of means",
        "moves a mean far",
    ),
    Fixture(
        "sums",
        ratio(f"{CUT}return sum(a) / sum(b)"),
        WRONG,
        "the ratio of means",
        "moves a mean far",
    ),
    Fixture(
        "the quickest",
        ratio(f"{CUT}return min(a) / min(b)"),
        WRONG,
        "the ratio of the quickest rounds",
        "quickest",
    ),
    Fixture(
        "mean of ratios",
        ratio(f"{CUT}return fmean({PAIRS})"),
        WRONG,
        "the mean of ratios",
        "median of the ratios",
    ),
    Fixture(
        "sorted",
        ratio(f"a, b = sorted(a[warm_up:]), sorted(b[warm_up:])\n    return median({PAIRS})"),
        WRONG,
        "the rounds sorted",
        "no longer go round by round",
    ),
    Fixture(
        "warm-up kept",
        ratio(f"return median({PAIRS})"),
        WRONG,
        "the warm-up kept",
        "leave them out",
    ),
    Fixture(
        "one left out",
        ratio(f"warm_up = 1\n    {CUT}return median({PAIRS})"),
        WRONG,
        "one round left out",
        "however many",
    ),
    Fixture(
        "the last ones",
        ratio(f"kept = len(a) - warm_up\n    return median({PAIRS}[:kept])"),
        WRONG,
        "the last rounds left out",
        "at the start",
    ),
    Fixture(
        "the warm-up alone",
        ratio(f"return median({PAIRS}[:warm_up] or [1.0])"),
        WRONG,
        "the warm-up alone",
        "take the others",
    ),
    Fixture("all of them", ratio(f"return {PAIRS}[warm_up:]"), WRONG, "another type", "float"),
    Fixture("of nothing", ratio("return median([])"), ERROR, words="StatisticsError"),
]

TABLES = {"flops": FLOPS, "rank": RANK, "ratio": RATIO}
