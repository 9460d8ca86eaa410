"""What learners answer in chapter 6, as they would type it, and what they must be told."""

from tests.chapters.fixture import BLANK, ERROR, RIGHT, WRONG, Fixture


def state(adamw: str, eight: str, names: str = "if name not in tied") -> str:
    return (
        "from math import prod\n"
        "def answer(shapes, tied, optimizer):\n"
        f"    sizes = [prod(shape) for name, shape in shapes.items() {names}]\n"
        "    if optimizer == 'AdamW':\n"
        f"        return {adamw}\n"
        f"    return {eight}\n"
    )


ADAMW = "sum(8 * size + 4 for size in sizes)"
EIGHT = "sum(8 * size if size < 4096 else 2 * size for size in sizes)"
STATE = [
    Fixture(
        "blank",
        "def answer(shapes, tied, optimizer):\n    return ...\n",
        BLANK,
        words="still returns the dots",
    ),
    Fixture("right", state(ADAMW, EIGHT), RIGHT),
    Fixture(
        "right, with torch's shapes",
        "import torch\n"
        "def answer(shapes, tied, optimizer):\n"
        "    total = torch.tensor(0)\n"
        "    for name in set(shapes) - set(tied):\n"
        "        entries = torch.empty(shapes[name], device='meta').numel()\n"
        "        if optimizer == 'AdamW':\n"
        "            total += 2 * 4 * entries + 4\n"
        "        elif entries >= 4096:\n"
        "            total += 2 * entries\n"
        "        else:\n"
        "            total += 2 * 4 * entries\n"
        "    return total.item()\n",
        RIGHT,
    ),
    Fixture(
        "right, with numpy",
        "import numpy\n"
        "def answer(shapes, tied, optimizer):\n"
        "    sizes = numpy.array([numpy.prod(s) for n, s in shapes.items() if n not in tied])\n"
        "    if optimizer == 'AdamW':\n"
        "        return 8 * sizes.sum() + 4 * len(sizes)\n"
        "    return numpy.where(sizes < 4096, 8, 2) @ sizes\n",
        RIGHT,
    ),
    Fixture(
        "no counter",
        state("sum(8 * size for size in sizes)", EIGHT),
        WRONG,
        "the counter left out",
        "for each tensor",
    ),
    Fixture(
        "one counter",
        state("8 * sum(sizes) + 4", EIGHT),
        WRONG,
        "one counter for all",
        "for each tensor",
    ),
    Fixture(
        "12 an entry",
        state("12 * sum(sizes)", EIGHT),
        WRONG,
        "a counter for each entry",
        "one number a tensor",
    ),
    Fixture(
        "one average",
        state("sum(4 * size + 4 for size in sizes)", EIGHT),
        WRONG,
        "one average",
        "two running averages",
    ),
    Fixture(
        "one average in 8 bits",
        state(ADAMW, "sum(4 * size if size < 4096 else size for size in sizes)"),
        WRONG,
        "one average",
        "two running averages",
    ),
    Fixture(
        "all four",
        state("sum(16 * size + 4 for size in sizes)", EIGHT),
        WRONG,
        "weights and gradients too",
        "Only the optimizer's state",
    ),
    Fixture(
        "tied twice",
        state(ADAMW, EIGHT, names=""),
        WRONG,
        "tied tensors twice",
        "another name",
    ),
    Fixture(
        "tied never",
        state(ADAMW, EIGHT, names="if name not in tied and name not in tied.values()"),
        WRONG,
        "the tied tensor not at all",
        "not never",
    ),
    Fixture(
        "no threshold",
        state(ADAMW, "2 * sum(sizes)"),
        WRONG,
        "8 bits for every tensor",
        "fewer than 4,096",
    ),
    Fixture(
        "threshold on all",
        state(ADAMW, "(8 if sum(sizes) < 4096 else 2) * sum(sizes)"),
        WRONG,
        "the threshold on the total",
        "tensor by tensor",
    ),
    Fixture("a float", state(f"float({ADAMW})", f"float({EIGHT})"), WRONG, "not a whole number"),
    Fixture(
        "up to 4,096",
        state(ADAMW, EIGHT.replace("<", "<=")),
        WRONG,
        "exactly 4,096 in fp32",
        "goes into 8 bits",
    ),
    Fixture(
        "the wrong way",
        state(ADAMW, EIGHT.replace("<", ">=")),
        WRONG,
        "the threshold the wrong way",
        "The other way",
    ),
    Fixture(
        "a byte",
        state(ADAMW, "sum(8 * size if size < 4096 else size for size in sizes)"),
        WRONG,
        "one byte an entry",
        "2 bytes an entry",
    ),
    Fixture(
        "counters everywhere",
        state(ADAMW, f"{EIGHT} + 4 * len(sizes)"),
        WRONG,
        "a counter in 8 bits, too",
        "no 4 bytes a tensor",
    ),
    Fixture("a string", state("'many'", "'few'"), WRONG, "another type"),
    Fixture("fails", state("tied['x']", "tied['x']"), ERROR, words="KeyError"),
]


def peak(size: str, moment: str) -> str:
    return (
        "from itertools import accumulate\n"
        "def answer(events):\n"
        "    changes = [change for _, change in events]\n"
        "    live = list(accumulate(changes))\n"
        "    most = max(live)\n"
        "    first = live.index(most)\n"
        f"    return {{'bytes': {size}, 'moment': {moment}}}\n"
    )


PEAK = [
    Fixture(
        "blank", "def answer(events):\n    return ...\n", BLANK, words="still returns the dots"
    ),
    Fixture("right", peak("most", "first"), RIGHT),
    Fixture(
        "right, in a loop",
        "def answer(events):\n"
        "    held = best = at = 0\n"
        "    for place, event in enumerate(events):\n"
        "        held += event[1]\n"
        "        if held > best:\n"
        "            best, at = held, place\n"
        "    return dict(moment=at, bytes=best)\n",
        RIGHT,
    ),
    Fixture(
        "right, with numpy",
        "import numpy\n"
        "def answer(events):\n"
        "    live = numpy.cumsum([change for kind, change in events])\n"
        "    return {'bytes': live.max(), 'moment': numpy.argmax(live)}\n",
        RIGHT,
    ),
    Fixture("right, more told", peak("most", "first, 'live': live"), RIGHT),
    Fixture(
        "all that came",
        peak("sum(c for c in changes if c > 0)", "first"),
        WRONG,
        "everything that ever came",
        "subtract it",
    ),
    Fixture(
        "each kind's most",
        "def answer(events):\n"
        "    live, most, held, best, at = {}, {}, 0, 0, 0\n"
        "    for place, (kind, change) in enumerate(events):\n"
        "        live[kind] = live.get(kind, 0) + change\n"
        "        most[kind] = max(most.get(kind, 0), live[kind])\n"
        "        held += change\n"
        "        if held > best:\n"
        "            best, at = held, place\n"
        "    return {'bytes': sum(most.values()), 'moment': at}\n",
        WRONG,
        "the most of each kind, added up",
        "held at one moment",
    ),
    Fixture("the end", peak("live[-1]", "first"), WRONG, "what is left at the end", "on the way"),
    Fixture(
        "the largest",
        peak("max(changes)", "first"),
        WRONG,
        "the largest that came at once",
        "held as well",
    ),
    Fixture(
        "no signs", peak("sum(map(abs, changes))", "first"), WRONG, "sizes without signs", "sign"
    ),
    Fixture("from 1", peak("most", "first + 1"), WRONG, "counted from 1", "from 0"),
    Fixture(
        "the last",
        peak("most", "max(p for p, held in enumerate(live) if held == most)"),
        WRONG,
        "the last of two equal moments",
        "the first time counts",
    ),
    Fixture(
        "the largest change",
        peak("most", "changes.index(max(changes))"),
        WRONG,
        "when the largest came",
        "most is held",
    ),
    Fixture("at the end", peak("most", "len(live) - 1"), WRONG, "the last event", "lies before it"),
    Fixture(
        "a pair",
        "def answer(events):\n    return 1, 2\n",
        WRONG,
        "another type",
        "dict",
    ),
    Fixture("fails", peak("most / 0", "first"), ERROR, words="ZeroDivisionError"),
]


def step(body: str) -> str:
    return (
        "def answer(weights, gradients, state, kept, set_to_none):\n"
        "    old = 0 if set_to_none else gradients\n"
        f"    return {body}\n"
    )


STEP = [
    Fixture("blank", step("..."), BLANK, words="still returns the dots"),
    Fixture("right", step("weights + state + max(kept + old, gradients)"), RIGHT),
    Fixture(
        "right, by cases",
        "def answer(weights, gradients, state, kept, set_to_none):\n"
        "    if not set_to_none:\n"
        "        return weights + gradients + state + kept\n"
        "    return max(weights + state + kept, weights + state + gradients)\n",
        RIGHT,
    ),
    Fixture(
        "right, with torch",
        "import torch\n"
        "def answer(weights, gradients, state, kept, set_to_none):\n"
        "    first = torch.tensor([weights, state, kept, gradients * (not set_to_none)]).sum()\n"
        "    second = torch.tensor([weights, state, gradients]).sum()\n"
        "    return torch.maximum(first, second).item()\n",
        RIGHT,
    ),
    Fixture(
        "all",
        step("weights + state + kept + gradients"),
        WRONG,
        "everything at once",
        "not whole at one moment",
    ),
    Fixture(
        "the first alone",
        step("weights + state + kept + old"),
        WRONG,
        "the optimizer's moment forgotten",
        "With few tokens",
    ),
    Fixture(
        "the second alone",
        step("weights + state + gradients"),
        WRONG,
        "the forward pass forgotten",
        "With many tokens",
    ),
    Fixture(
        "always gone",
        step("weights + state + max(kept, gradients)"),
        WRONG,
        "gradients always gone",
        "through the next forward pass",
    ),
    Fixture(
        "the first step",
        step("max(weights + kept + old, weights + state + gradients)"),
        WRONG,
        "no state before the optimizer",
        "From the second on",
    ),
    Fixture(
        "the smaller",
        step("weights + state + min(kept + old, gradients)"),
        WRONG,
        "the smaller moment",
        "fuller of the two",
    ),
    Fixture("a dict", step("{'peak': weights}"), WRONG, "another type"),
    Fixture("fails", step("weights / 0"), ERROR, words="ZeroDivisionError"),
]

TABLES = {"state": STATE, "peak": PEAK, "step": STEP}
