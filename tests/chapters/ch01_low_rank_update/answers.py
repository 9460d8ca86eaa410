"""What learners answer in chapter 1, as they would type it, and what they must be told."""

from tests.chapters.fixture import BLANK, ERROR, RIGHT, WRONG, Fixture


def saving(body: str) -> str:
    return f"def answer(d_out, d_in):\n    {body}\n"


SAVING = [
    Fixture("blank", saving("return ..."), BLANK, words="still returns the dots"),
    Fixture("right", saving("return (d_out * d_in - 1) // (d_out + d_in)"), RIGHT),
    Fixture(
        "right, by trying",
        saving(
            "return max(r for r in range(min(d_out, d_in)) if r * (d_out + d_in) < d_out * d_in)"
        ),
        RIGHT,
    ),
    Fixture(
        "right, rounded up less one",
        "import math\n" + saving("return math.ceil(d_out * d_in / (d_out + d_in)) - 1"),
        RIGHT,
    ),
    Fixture("up to 640", saving("return min((d_out * d_in - 1) // (d_out + d_in), 640)"), WRONG),
    Fixture(
        "rounded down",
        saving("return d_out * d_in // (d_out + d_in)"),
        WRONG,
        "as many is no saving",
        "fewer are asked for",
    ),
    Fixture("the rank of W", saving("return min(d_out, d_in)"), WRONG, "the rank of W", "W itself"),
    Fixture(
        "one below", saving("return min(d_out, d_in) - 1"), WRONG, "the rank of W", "One below"
    ),
    Fixture("B alone", saving("return d_in - 1"), WRONG, "one factor only", "add A"),
    Fixture("A alone", saving("return d_out - 1"), WRONG, "one factor only", "add B"),
    Fixture("square", saving("return (d_out - 1) // 2"), WRONG, "square assumed", "square matrix"),
    Fixture("square, in", saving("return (d_in - 1) // 2"), WRONG, "square assumed", "d_in)"),
    Fixture(
        "the count",
        saving("return (d_out * d_in - 1) // (d_out + d_in) * (d_out + d_in)"),
        WRONG,
        "the count at that rank",
        "return the rank",
    ),
    Fixture(
        "one too far",
        saving("return (d_out * d_in - 1) // (d_out + d_in) + 1"),
        WRONG,
        "the first that does not save",
        "one back",
    ),
    Fixture(
        "a fraction",
        saving("return d_out * d_in / (d_out + d_in)"),
        WRONG,
        "not a whole number",
        "int",
    ),
    Fixture("no return", saving("r = d_out"), WRONG, "nothing returned", "`return` missing"),
    Fixture("fails", saving("return d_out / 0"), ERROR, words="ZeroDivisionError"),
    Fixture("called", "answer = 31", ERROR, words="without calling it"),
]

HEAD = """\
import torch
from torch import nn


class answer(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        self.base, self.rank, self.alpha = base, rank, alpha
        self.add_adapter()
"""
ADD = """
        base, rank = self.base, self.rank
        base.requires_grad_(False)
        d_out, d_in = base.weight.shape
        dtype = base.weight.dtype
        self.lora_A = nn.Parameter(torch.randn(rank, d_in, dtype=dtype) / d_in**0.5)
        self.lora_B = nn.Parameter(torch.zeros(d_out, rank, dtype=dtype))
"""
OUTPUT = "return self.base(x) + self.alpha / self.rank * (x @ self.lora_A.T @ self.lora_B.T)"
MERGED = "return self.base.weight + self.alpha / self.rank * (self.lora_B @ self.lora_A)"


def layer(add: str = ADD, output: str = OUTPUT, merged: str = MERGED) -> str:
    return (
        f"{HEAD}\n    def add_adapter(self):\n        {add.strip()}\n\n    def forward(self, x):\n"
        f"        {output}\n\n    def merged_weight(self):\n        {merged}\n"
    )


def scaled(factor: str) -> str:
    return OUTPUT.replace("self.alpha / self.rank", factor)


def scaled_merge(factor: str) -> str:
    return MERGED.replace("self.alpha / self.rank", factor)


FACTORS = [
    ("1", "scaling forgotten", "alpha / rank"),
    ("self.alpha", "alpha without the rank", "divide it"),
    ("self.rank / self.alpha", "rank / alpha", "Upside down"),
    ("self.alpha / self.rank**0.5", "alpha / √rank", "rsLoRA"),
    ("self.alpha // self.rank", "alpha // rank", "drops what is left over"),
    ("1 / self.rank", "divided by the rank only", "not multiplied by alpha"),
]
LINEARS = """
        self.base.requires_grad_(False)
        d_out, d_in = self.base.weight.shape
        dtype = self.base.weight.dtype
        self.lora_A = nn.Linear(d_in, self.rank, bias=False, dtype=dtype)
        self.lora_B = nn.Linear(self.rank, d_out, bias=False, dtype=dtype)
        nn.init.zeros_(self.lora_B.weight)
"""
FLOATS = """
        self.base.requires_grad_(False)
        d_out, d_in = self.base.weight.shape
        self.lora_A = nn.Parameter(torch.randn(self.rank, d_in))
        self.lora_B = nn.Parameter(torch.zeros(d_out, self.rank))
"""
LAYER = [
    Fixture(
        "blank", layer("return ...", "return ...", "return ..."), BLANK, words="returns the dots"
    ),
    Fixture("right", layer(), RIGHT),
    Fixture(
        "right, ΔW first",
        layer(
            output="update = self.lora_B @ self.lora_A * (self.alpha / self.rank)\n"
            "        return nn.functional.linear(x, self.base.weight + update, self.base.bias)"
        ),
        RIGHT,
    ),
    Fixture(
        "right, with linear layers as in PEFT",
        layer(
            LINEARS,
            "return self.base(x) + self.alpha / self.rank * self.lora_B(self.lora_A(x))",
            "return self.base.weight + self.alpha / self.rank"
            " * (self.lora_B.weight @ self.lora_A.weight)",
        ),
        RIGHT,
    ),
    Fixture(
        "right, adapters in fp32",
        layer(
            FLOATS,
            "z = x.float() @ self.lora_A.T @ self.lora_B.T\n"
            "        return self.base(x) + (self.alpha / self.rank * z).to(x.dtype)",
            "z = self.lora_B @ self.lora_A\n"
            "        z = (self.alpha / self.rank * z).to(self.base.weight.dtype)\n"
            "        return self.base.weight + z",
        ),
        RIGHT,
    ),
    *(
        Fixture(f"output times {factor}", layer(output=scaled(factor)), WRONG, mistake, words)
        for factor, mistake, words in FACTORS
    ),
    *(
        Fixture(
            f"merged, times {factor}", layer(merged=scaled_merge(factor)), WRONG, mistake, words
        )
        for factor, mistake, words in FACTORS
    ),
    Fixture(
        "base alone", layer(output="return self.base(x)"), WRONG, "no update", "add the update"
    ),
    Fixture(
        "update alone",
        layer(output=OUTPUT.replace("self.base(x) + ", "")),
        WRONG,
        "no base",
        "self.base(x)",
    ),
    Fixture(
        "without the bias",
        layer(output=OUTPUT.replace("self.base(x)", "x @ self.base.weight.T")),
        WRONG,
        "bias left out",
        "adds it",
    ),
    Fixture(
        "all of it scaled",
        layer(
            output="return self.alpha / self.rank"
            " * (self.base(x) + x @ self.lora_A.T @ self.lora_B.T)"
        ),
        WRONG,
        "the base scaled too",
        "update alone",
    ),
    Fixture(
        "cut off",
        layer(output=OUTPUT.replace("self.lora_B.T", "self.lora_B.data.T")),
        WRONG,
        "cut off from training",
        "without .data",
    ),
    Fixture(
        "ΔW alone",
        layer(merged=MERGED.replace("self.base.weight + ", "")),
        WRONG,
        "no base",
        "W + ΔW",
    ),
    Fixture("W alone", layer(merged="return self.base.weight"), WRONG, "no update", "W + ΔW"),
    Fixture(
        "subtracted", layer(merged=MERGED.replace(" + ", " - ", 1)), WRONG, "subtracted", "added"
    ),
    Fixture(
        "merged in place",
        layer(
            merged=MERGED.replace("return self.base.weight +", "self.base.weight.data +=")
            + "\n        return self.base.weight"
        ),
        WRONG,
        "the base was changed",
        "adds ΔW again",
    ),
    Fixture(
        "cut off from the input",
        layer(output=OUTPUT.replace("(x @ self.lora_A", "(x.detach() @ self.lora_A")),
        WRONG,
        "cut off from the input",
        "Use x itself",
    ),
    Fixture("fp32 in every base", layer(FLOATS), WRONG, words="dtype=base.weight.dtype"),
    Fixture(
        "a product in fp32",
        layer(
            FLOATS,
            "z = x.float() @ self.lora_A.T @ self.lora_B.T\n"
            "        return self.base(x) + self.alpha / self.rank * z",
        ),
        WRONG,
        "another dtype",
        "bfloat16 was expected",
    ),
    Fixture(
        "the base trains",
        layer(ADD.replace("base.requires_grad_(False)", "")),
        WRONG,
        "the base trains",
        "freezes it",
    ),
    Fixture(
        "alpha trains too",
        layer(ADD + "        self.scale = nn.Parameter(torch.ones(1))\n"),
        WRONG,
        "something else trains",
        "plain numbers",
    ),
    Fixture(
        "no parameters",
        layer(ADD.replace("nn.Parameter", "")),
        WRONG,
        "no parameter",
        "wrap it in nn.Parameter",
    ),
    Fixture(
        "turned",
        layer(ADD.replace("(rank, d_in", "(d_in, rank").replace("(d_out, rank", "(rank, d_out")),
        WRONG,
        "transposed",
        "A is r×d_in",
    ),
    Fixture(
        "names exchanged",
        layer(
            ADD.replace("lora_A", "lora_C").replace("lora_B", "lora_A").replace("lora_C", "lora_B")
        ),
        WRONG,
        "A and B exchanged",
        "changed places",
    ),
    Fixture(
        "shapes of W",
        layer(ADD.replace("rank, d_in, dtype", "d_out, d_in, dtype")),
        WRONG,
        "other shapes",
        "d_out×d_in",
    ),
    Fixture(
        "both random",
        layer(ADD.replace("torch.zeros", "torch.randn")),
        WRONG,
        "B does not start at 0",
        "start B at 0",
    ),
    Fixture(
        "A of ones",
        layer(ADD.replace("torch.randn", "torch.ones")),
        WRONG,
        "A is not random",
        "do the work of one",
    ),
    Fixture(
        "both zero",
        layer(ADD.replace("torch.randn", "torch.zeros")),
        WRONG,
        "A starts at 0",
        "draw A at random",
    ),
    Fixture(
        "no gradient wanted",
        layer(ADD.replace("dtype=dtype))", "dtype=dtype), requires_grad=False)")),
        WRONG,
        "an adapter frozen",
        "requires_grad is False",
    ),
    Fixture("no merge yet", layer(merged="return ..."), WRONG, words="□ the merged weight"),
    Fixture("multiplied as it stands", layer(output="return x @ self.lora_A"), WRONG, words="mat1"),
    Fixture(
        "an instance",
        layer() + "\nanswer = answer(nn.Linear(3, 3), 2, 4)",
        ERROR,
        words="the class",
    ),
    Fixture("a function", "def answer(base, rank, alpha):\n    return base.weight", ERROR),
    Fixture("a name", "answer = 'LoRALayer'", ERROR, words="pass"),
]


def energy(*lines: str) -> str:
    return "def answer(singular_values, share=0.9):\n" + "".join(f"    {line}\n" for line in lines)


SUM = "total = sum(v**2 for v in singular_values)"
ENERGY = [
    Fixture("blank", energy("return ..."), BLANK, words="still returns the dots"),
    Fixture(
        "right",
        energy(
            SUM,
            "reached = 0",
            "for r, v in enumerate(singular_values, 1):",
            "    reached += v**2",
            "    if reached >= share * total:",
            "        return r",
        ),
        RIGHT,
    ),
    Fixture(
        "right, with torch",
        "import torch\n"
        + energy(
            "e = torch.tensor(singular_values, dtype=torch.float64)**2",
            "return int((e.cumsum(0) < share * e.sum()).sum()) + 1",
        ),
        RIGHT,
    ),
    Fixture(
        "right, for a tensor",
        energy(
            "e = singular_values**2",
            "return int((e.cumsum(0) < share * e.sum()).sum()) + 1",
        ),
        RIGHT,
    ),
    Fixture(
        "right, counting what is too little",
        "import itertools\n"
        + energy(
            "e = list(itertools.accumulate(v * v for v in singular_values))",
            "return sum(sum_ < share * e[-1] for sum_ in e) + 1",
        ),
        RIGHT,
    ),
    Fixture(
        "right, but a tensor",
        energy(
            "e = singular_values**2",
            "return (e.cumsum(0) < share * e.sum()).sum() + 1",
        ),
        WRONG,
        "a tensor, not a number",
        ".item()",
    ),
    Fixture(
        "right, but a float",
        "import numpy\n"
        + energy(
            "e = numpy.cumsum(numpy.square(singular_values))",
            "return numpy.ceil(numpy.searchsorted(e, share * e[-1]) + 1.0)",
        ),
        WRONG,
        "not a whole number",
        "int(…)",
    ),
    Fixture(
        "right, with numpy",
        "import numpy\n"
        + energy(
            "e = numpy.cumsum(numpy.square(singular_values))",
            "return numpy.searchsorted(e, share * e[-1]) + 1",
        ),
        RIGHT,
    ),
    Fixture(
        "right, by the norm",
        energy(
            "norms = [singular_values[:r].norm() for r in range(1, len(singular_values) + 1)]",
            "return 1 + sum(float(norm / norms[-1]) ** 2 < share for norm in norms)",
        ),
        RIGHT,
    ),
    Fixture(
        "more than the share",
        energy(
            SUM,
            "reached = 0",
            "for r, v in enumerate(singular_values, 1):",
            "    reached += v**2",
            "    if reached > share * total:",
            "        return r",
        ),
        WRONG,
        "more than the share",
        ">=",
    ),
    Fixture(
        "not squared",
        energy(
            "reached = 0",
            "for r, v in enumerate(singular_values, 1):",
            "    reached += v",
            "    if reached >= share * sum(singular_values):",
            "        return r",
        ),
        WRONG,
        "singular values not squared",
        "Square",
    ),
    Fixture(
        "from 0",
        energy(
            SUM,
            "reached = 0",
            "for r, v in enumerate(singular_values):",
            "    reached += v**2",
            "    if reached >= share * total:",
            "        return r",
        ),
        WRONG,
        "counted from 0",
        "How many",
    ),
    Fixture(
        "tested too early",
        energy(
            SUM,
            "reached = 0",
            "for r, v in enumerate(singular_values, 1):",
            "    if reached >= share * total:",
            "        return r",
            "    reached += v**2",
        ),
        WRONG,
        "one too many",
        "One fewer",
    ),
    Fixture(
        "near the largest",
        energy("return sum(v >= share * singular_values[0] for v in singular_values)"),
        WRONG,
        "compared with the largest",
        "Add up the squares",
    ),
    Fixture(
        "above a threshold",
        energy("return sum(v >= (1 - share) * singular_values[0] for v in singular_values)"),
        WRONG,
        "compared with the largest",
        "threshold",
    ),
    Fixture(
        "a share of them",
        energy("return round(share * len(singular_values))"),
        WRONG,
        "a share of the directions",
        "how much they hold",
    ),
    Fixture(
        "of the norm",
        energy(
            SUM,
            "reached = 0",
            "for r, v in enumerate(singular_values, 1):",
            "    reached += v**2",
            "    if reached**0.5 >= share * total**0.5:",
            "        return r",
        ),
        WRONG,
        "the norm, not its square",
        "sum of the squares",
    ),
    Fixture(
        "always 0.9",
        energy(
            SUM,
            "reached = 0",
            "for r, v in enumerate(singular_values, 1):",
            "    reached += v**2",
            "    if reached >= 0.9 * total:",
            "        return r",
        ),
        WRONG,
        "the share fixed at 0.9",
        "only the default",
    ),
    Fixture(
        "what they hold",
        energy(
            SUM,
            "reached = 0",
            "for v in singular_values:",
            "    reached += v**2",
            "    if reached >= share * total:",
            "        return reached / total",
        ),
        WRONG,
        "the share held, not the rank",
        "how many",
    ),
    Fixture(
        "no default",
        "def answer(singular_values, share):\n    return 1\n",
        WRONG,
        words="keep the parameters",
    ),
    Fixture(
        "never all of them",
        energy(
            SUM,
            "for r in range(1, len(singular_values)):",
            "    if sum(v**2 for v in singular_values[:r]) >= share * total:",
            "        return r",
        ),
        WRONG,
        "nothing returned",
    ),
    Fixture("always 1", energy("return 1"), WRONG, words="work the call above out by hand"),
    Fixture(
        "the mean",
        energy("return sum(singular_values) / len(singular_values)"),
        WRONG,
        "not a whole number",
        "far from it",
    ),
    Fixture(
        "a mask",
        energy("return singular_values >= share * singular_values[0]"),
        WRONG,
        "many in place of one",
        "one number is.",
    ),
    Fixture("no return", energy(SUM), WRONG, "nothing returned", "`return` missing"),
]

TABLES = {"saving": SAVING, "layer": LAYER, "energy": ENERGY}
