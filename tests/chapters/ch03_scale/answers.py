"""What learners answer in chapter 3, as they would type it, and what they must be told."""

from tests.chapters.fixture import BLANK, ERROR, RIGHT, WRONG, Fixture


def path(rate: str, spread: str) -> str:
    return (
        "def answer(optimizer, alpha, learning_rate, spread, new_alpha):\n"
        "    c = new_alpha / alpha\n"
        "    sgd = optimizer == 'SGD'\n"
        f"    return {{'learning_rate': {rate}, 'spread': {spread}}}\n"
    )


ROOT = "spread / c**0.5"
PATH = [
    Fixture(
        "blank",
        "def answer(optimizer, alpha, learning_rate, spread, new_alpha):\n    return ...\n",
        BLANK,
        words="still returns the dots",
    ),
    Fixture("right", path("learning_rate / (c if sgd else c**0.5)", ROOT), RIGHT),
    Fixture(
        "right, with numpy",
        "import numpy\n"
        + path(
            "learning_rate / (c if sgd else numpy.sqrt(c))",
            "spread * numpy.sqrt(alpha / new_alpha)",
        ),
        RIGHT,
    ),
    Fixture(
        "right, more told",
        path("learning_rate / (c if sgd else c**0.5)", f"{ROOT}, 'c': c"),
        RIGHT,
    ),
    Fixture(
        "right, in fp32",
        "import torch\n"
        + path(
            "(torch.tensor(learning_rate) / (c if sgd else c**0.5)).item()",
            "(torch.tensor(spread) / torch.tensor(c).sqrt()).item()",
        ),
        RIGHT,
    ),
    Fixture(
        "the old start",
        path("learning_rate / (c if sgd else c**0.5)", "spread"),
        WRONG,
        "the start left as it was",
        "smaller spread",
    ),
    Fixture(
        "rate / c alone",
        path("learning_rate / c", "spread"),
        WRONG,
        "only alpha's change undone",
        "The start has to change",
    ),
    Fixture("nothing", path("learning_rate", "spread"), WRONG, "nothing changed", "make up for it"),
    Fixture("SGD's", path("learning_rate / c", ROOT), WRONG, "SGD's rule for Adam", "drops out"),
    Fixture(
        "Adam's", path("learning_rate / c**0.5", ROOT), WRONG, "Adam's rule for SGD", "factor s"
    ),
    Fixture(
        "exchanged",
        path("learning_rate / (c**0.5 if sgd else c)", ROOT),
        WRONG,
        "SGD's rule for Adam",
        "Adam's rule for SGD",
    ),
    Fixture(
        "times",
        path("learning_rate * (c if sgd else c**0.5)", "spread * c**0.5"),
        WRONG,
        "upside down",
        "smaller rate",
    ),
    Fixture(
        "start / c",
        path("learning_rate / (c if sgd else c**0.5)", "spread / c"),
        WRONG,
        "the start by c, not √c",
        "shared out",
    ),
    Fixture(
        "all / c", path("learning_rate / c", "spread / c"), WRONG, "everything by c", "Share s out"
    ),
    Fixture(
        "SGD alone",
        path("learning_rate / c if sgd else learning_rate", ROOT),
        WRONG,
        words="'learning_rate'",
    ),
    Fixture(
        "rounded",
        path("round(learning_rate / (c if sgd else c**0.5), 4)", ROOT),
        WRONG,
        words="learning_rate",
    ),
    Fixture(
        "a pair",
        "def answer(optimizer, alpha, learning_rate, spread, new_alpha):\n"
        "    return learning_rate, spread\n",
        WRONG,
        "another type",
        "dict",
    ),
    Fixture("fails", path("learning_rate / 0", "spread"), ERROR, words="ZeroDivisionError"),
]


def alpha(body: str) -> str:
    return f"def answer(rank, old_rank, old_alpha, keep):\n    {body}\n"


ALPHA = [
    Fixture("blank", alpha("return ..."), BLANK, words="still returns the dots"),
    Fixture(
        "right",
        alpha("return old_alpha * (rank / old_rank)**0.5 if keep == 'size' else old_alpha"),
        RIGHT,
    ),
    Fixture(
        "right, by the scaling",
        "import math\n"
        + alpha(
            "power = 0.5 if keep == 'size' else 1\n"
            "    return old_alpha / old_rank * math.pow(old_rank / rank, power) * rank"
        ),
        RIGHT,
    ),
    Fixture(
        "right, in fp32",
        "import torch\n"
        + alpha(
            "root = torch.tensor(rank / old_rank).sqrt()\n"
            "    return (old_alpha * root).item() if keep == 'size' else old_alpha"
        ),
        RIGHT,
    ),
    *(
        Fixture(
            f"by {whole}",
            alpha(
                f"return {whole}(old_alpha * (rank/old_rank)**0.5) if keep == 'size' else old_alpha"
            ),
            WRONG,
        )
        for whole in ("int", "round")
    ),
    Fixture(
        "from 16 alone",
        alpha("return 16 * (rank / old_rank)**0.5 if keep == 'size' else 16.0"),
        WRONG,
    ),
    Fixture("the habit", alpha("return rank"), WRONG, "alpha = rank", "old rank and its alpha"),
    Fixture(
        "with the rank",
        alpha("return old_alpha * rank / old_rank"),
        WRONG,
        "alpha with the rank",
        "alpha = r's rule",
    ),
    Fixture(
        "upside down",
        alpha("return old_alpha * (old_rank / rank)**0.5 if keep == 'size' else old_alpha"),
        WRONG,
        "upside down",
        "has to be larger",
    ),
    Fixture(
        "upside down by the rank",
        alpha("return old_alpha * old_rank / rank"),
        WRONG,
        "upside down",
        "divides by more",
    ),
    Fixture(
        "exchanged",
        alpha("return old_alpha * (rank / old_rank)**0.5 if keep == 'fall' else old_alpha"),
        WRONG,
        "a fixed alpha",
        "Alpha with √rank",
    ),
    Fixture("fixed", alpha("return old_alpha"), WRONG, "a fixed alpha", "alpha/√r"),
    Fixture(
        "root for both",
        alpha("return old_alpha * (rank / old_rank)**0.5"),
        WRONG,
        "alpha with √rank",
        "keeps the size",
    ),
    Fixture(
        "the old rank forgotten",
        alpha("return old_alpha * rank**0.5 if keep == 'size' else old_alpha"),
        WRONG,
        "the old rank left out",
        "as it is",
    ),
    Fixture(
        "the scaling",
        alpha(
            "return (old_alpha * (rank / old_rank)**0.5 if keep == 'size' else old_alpha) / rank"
        ),
        WRONG,
        "the scaling, not alpha",
        "alpha itself",
    ),
    Fixture("one kind", alpha("if keep == 'fall': return old_alpha"), WRONG, "nothing returned"),
    Fixture("a string", alpha("return 'old_alpha'"), WRONG, "another type", "float"),
    Fixture("called", "answer = 16.0", ERROR, words="without calling it"),
]


def rates(rates: str, at_edge: str) -> str:
    return (
        "def answer(accuracies):\n"
        f"    rates = {rates}\n"
        f"    at_edge = {at_edge}\n"
        "    return {'rates': rates, 'at_edge': at_edge}\n"
    )


BEST = "{rank: max(row, key=row.get) for rank, row in accuracies.items()}"
AT_EDGE = "[r for r, row in accuracies.items() if rates[r] in (min(row), max(row))]"
EVERYWHERE = "{rank: rate for rank in accuracies}"
RATES = [
    Fixture(
        "blank", "def answer(accuracies):\n    return ...\n", BLANK, words="still returns the dots"
    ),
    Fixture("right", rates(BEST, AT_EDGE), RIGHT),
    Fixture("right, a set", rates(BEST, AT_EDGE.replace("[", "{", 1)[:-1] + "}"), RIGHT),
    Fixture("right, a frozen set", rates(BEST, f"frozenset({AT_EDGE})"), RIGHT),
    Fixture("right, the largest first", rates(BEST, f"sorted({AT_EDGE}, reverse=True)"), RIGHT),
    Fixture(
        "right, a tuple of numpy's",
        "import numpy\n" + rates(BEST, f"tuple(map(numpy.int64, {AT_EDGE}))"),
        RIGHT,
    ),
    Fixture("one rank twice", rates(BEST, f"{AT_EDGE} * 2"), WRONG),
    Fixture(
        "right, in loops",
        "def answer(accuracies):\n"
        "    rates, at_edge = {}, []\n"
        "    for rank in accuracies:\n"
        "        tried = sorted(accuracies[rank])\n"
        "        best = sorted(accuracies[rank].items(), key=lambda pair: -pair[1])[0][0]\n"
        "        rates[rank] = best\n"
        "        if best == tried[0] or best == tried[-1]:\n"
        "            at_edge.append(rank)\n"
        "    return {'rates': rates, 'at_edge': at_edge}\n",
        RIGHT,
    ),
    Fixture(
        "one rate",
        "def answer(accuracies):\n"
        "    tried = next(iter(accuracies.values()))\n"
        "    rate = max(tried, key=lambda rate: sum(row[rate] for row in accuracies.values()))\n"
        f"    rates = {EVERYWHERE}\n"
        f"    return {{'rates': rates, 'at_edge': {AT_EDGE}}}\n",
        WRONG,
        "one rate for all",
        "of its own",
    ),
    Fixture(
        "the winner's",
        "def answer(accuracies):\n"
        "    rate = max((v, k) for row in accuracies.values() for k, v in row.items())[1]\n"
        f"    rates = {EVERYWHERE}\n"
        f"    return {{'rates': rates, 'at_edge': {AT_EDGE}}}\n",
        WRONG,
        "the winner's rate for all",
        "best run of all",
    ),
    Fixture(
        "accuracies",
        rates("{rank: max(row.values()) for rank, row in accuracies.items()}", "[]"),
        WRONG,
        "the accuracy, not the rate",
        "learning rate",
    ),
    Fixture(
        "the worst",
        rates("{rank: min(row, key=row.get) for rank, row in accuracies.items()}", AT_EDGE),
        WRONG,
        "the worst",
        "higher is better",
    ),
    Fixture(
        "largest keys",
        rates("{rank: max(row) for rank, row in accuracies.items()}", AT_EDGE),
        WRONG,
        "the largest rate",
        "compares its keys",
    ),
    Fixture(
        "upper edge",
        rates(BEST, "[r for r, row in accuracies.items() if rates[r] == max(row)]"),
        WRONG,
        "the upper edge only",
        "lowest rate",
    ),
    Fixture(
        "lower edge",
        rates(BEST, "[r for r, row in accuracies.items() if rates[r] == min(row)]"),
        WRONG,
        "the lower edge only",
        "highest rate",
    ),
    Fixture(
        "inside",
        rates(BEST, AT_EDGE.replace(" in (", " not in (")),
        WRONG,
        "the ranks inside",
        "inside the grid",
    ),
    Fixture(
        "edges of ranks",
        rates(BEST, "[min(accuracies), max(accuracies)]"),
        WRONG,
        "the edges of the ranks",
        "where their best rate lies",
    ),
    Fixture(
        "the ends as given",
        rates(
            BEST,
            "[r for r, row in accuracies.items()"
            " if max(row, key=row.get) in (list(row)[0], list(row)[-1])]",
        ),
        WRONG,
        "the first and last given",
        "need not be in order",
    ),
    Fixture("none", rates(BEST, "[]"), WRONG, "nobody at an edge", "lowest or highest"),
    Fixture("yes or no", rates(BEST, f"bool({AT_EDGE})"), WRONG, "yes or no", "List the ranks"),
    Fixture(
        "the rates at an edge",
        rates(BEST, AT_EDGE.replace("[r for", "[rates[r] for")),
        WRONG,
        "the rates, not the ranks",
        "List the ranks",
    ),
    Fixture("wrong key", rates("accuracies['4']", "[]"), ERROR, words="KeyError"),
]

TABLES = {"path": PATH, "alpha": ALPHA, "rates": RATES}
