"""What learners answer in chapter 4, as they would type it, and what they must be told."""

from tests.chapters.ch04_rank_selection.answers_sweep import SWEEP
from tests.chapters.fixture import BLANK, ERROR, RIGHT, WRONG, Fixture


def count(body: str) -> str:
    return (
        "def answer(layer_dim, rank, num_layers=32):\n"
        "    d_out, d_in = (layer_dim, layer_dim) if isinstance(layer_dim, int) else layer_dim\n"
        f"    {body}\n"
    )


LORA_PARAMS = [
    Fixture("blank", count("return ..."), BLANK, words="still returns the dots"),
    Fixture("right", count("return num_layers * rank * (d_out + d_in)"), RIGHT),
    Fixture(
        "right, in a loop",
        count("return sum(d_out * rank + rank * d_in for _ in range(num_layers))"),
        RIGHT,
    ),
    Fixture(
        "right, with sympy",
        "import sympy\n" + count("return sympy.Integer(num_layers) * rank * (d_out + d_in)"),
        RIGHT,
    ),
    Fixture(
        "right, with numpy",
        "import numpy\n" + count("return numpy.int64(num_layers) * rank * (d_out + d_in)"),
        RIGHT,
    ),
    Fixture(
        "right, a fraction",
        "import fractions\n"
        + count("return fractions.Fraction(num_layers * rank * (d_out + d_in))"),
        RIGHT,
    ),
    Fixture(
        "a tensor",
        "import torch\n" + count("return torch.tensor(num_layers * rank * (d_out + d_in))"),
        WRONG,
        "a tensor, not a number",
        ".item()",
    ),
    Fixture(
        "a whole float",
        count("return 1.0 * num_layers * rank * (d_out + d_in)"),
        WRONG,
        "not a whole number",
        "int(…)",
    ),
    Fixture("one layer", count("return rank * (d_out + d_in)"), WRONG, "one layer only", "Every"),
    Fixture(
        "one factor", count("return rank * d_out * num_layers"), WRONG, "one factor only", "two"
    ),
    Fixture("W", count("return d_out * d_in * num_layers"), WRONG, "the full matrix", "frozen"),
    Fixture("A", count("return rank * d_in * num_layers"), WRONG, "one factor only", "A alone"),
    Fixture(
        "half",
        count("return rank * (d_out + d_in) // 2 * num_layers"),
        WRONG,
        "the sum halved",
        "in full",
    ),
    Fixture(
        "its own default",
        count("return num_layers * rank * (d_out + d_in)").replace("=32", "=1"),
        WRONG,
        "another default",
        "keep the default",
    ),
    Fixture(
        "product",
        count("return d_out * d_in * rank * num_layers"),
        WRONG,
        "dimensions multiplied",
        "add the sizes",
    ),
    Fixture(
        "rank squared",
        count("return num_layers * rank**2 * (d_out + d_in)"),
        WRONG,
        "rank squared",
        "doubling r doubles",
    ),
    Fixture(
        "square", count("return 2 * rank * d_out * num_layers"), WRONG, "square assumed", "differ"
    ),
    Fixture(
        "square, the other side",
        count("return 2 * rank * d_in * num_layers"),
        WRONG,
        "square assumed",
        "differ",
    ),
    Fixture(
        "32 layers",
        count("return 32 * rank * (d_out + d_in)"),
        WRONG,
        "num_layers fixed at 32",
        "32",
    ),
    Fixture(
        "float",
        count("return num_layers * rank * (d_out + d_in) / 1"),
        WRONG,
        "not a whole number",
        "int",
    ),
    Fixture(
        "no return",
        count("total = num_layers * rank"),
        WRONG,
        "nothing returned",
        "`return` missing",
    ),
    Fixture(
        "W, A and B",
        count("return num_layers * (d_out * d_in + rank * (d_out + d_in))"),
        WRONG,
        "the full matrix counted too",
        "stays frozen",
    ),
    Fixture(
        "twice",
        count("return 2 * rank * (d_out + d_in) * num_layers"),
        WRONG,
        "twice too many",
        "both are counted already",
    ),
    *(
        Fixture(f"brackets: {body}", count("return " + body), WRONG, "brackets missing", "brackets")
        for body in (
            "d_out * rank + rank * d_in * num_layers",
            "num_layers * d_out * rank + rank * d_in",
            "num_layers * rank * d_out + d_in",
            "d_out + d_in * rank * num_layers",
        )
    ),
    Fixture(
        "the pair as a number",
        "def answer(layer_dim, rank, num_layers=32):\n"
        "    return 2 * rank * layer_dim * num_layers\n",
        WRONG,
        "the pair used as a number",
        "d_out, d_in = layer_dim",
    ),
    Fixture(
        "a tuple expected",
        "def answer(layer_dim, rank, num_layers=32):\n"
        "    pair = isinstance(layer_dim, tuple)\n"
        "    d_out, d_in = layer_dim if pair else (layer_dim, layer_dim)\n"
        "    return num_layers * rank * (d_out + d_in)\n",
        WRONG,
        "the pair used as a number",
        "a list is no tuple",
    ),
    Fixture(
        "the pair squared",
        "def answer(layer_dim, rank, num_layers=32):\n"
        "    return int(2 * rank * layer_dim**2 / layer_dim * num_layers)\n",
        WRONG,
        words="unpack it",
    ),
    Fixture("text", count("return str(rank)"), WRONG, "another type", "str"),
    Fixture("raises", count("return rank / 0"), ERROR, words="ZeroDivisionError"),
    Fixture(
        "dots below the work",
        count("total = num_layers * rank * (d_out + d_in)\n    return ..."),
        BLANK,
        words="put what your code works out in their place",
    ),
    Fixture(
        "a pair alone",
        "def answer(layer_dim, rank, num_layers=32):\n"
        "    d_out, d_in = layer_dim\n"
        "    return num_layers * rank * (d_out + d_in)\n",
        WRONG,
        words="layer_dim is one number here",
    ),
    Fixture(
        "a pair alone, by place",
        "def answer(layer_dim, rank, num_layers=32):\n"
        "    return num_layers * rank * (layer_dim[0] + layer_dim[1])\n",
        WRONG,
        words="layer_dim is one number here",
    ),
    Fixture(
        "fails on a number, wrong for a pair",
        "def answer(layer_dim, rank, num_layers=32):\n"
        "    return rank * (layer_dim[0] + layer_dim[1])\n",
        WRONG,
        "one layer only",
        "layer_dim is one number here",
    ),
    Fixture("a tuple", count("return d_out, d_in"), WRONG, "another type", "list or tuple; int"),
]


def memory(body: str) -> str:
    return (
        "def answer(lora_params, bytes_per_value=4):\n"
        "    n, b = lora_params, bytes_per_value\n"
        "    def mb(adapter, gradients, optimizer, unit=1e6):\n"
        "        return {'adapter_mb': adapter / unit, 'gradients_mb': gradients / unit,\n"
        "                'optimizer_mb': optimizer / unit}\n"
        f"    {body}\n"
    )


ADAPTER_MEMORY = [
    Fixture("blank", memory("return ..."), BLANK),
    Fixture("blank, not implemented", memory("raise NotImplementedError"), BLANK),
    Fixture("right", memory("return mb(n * b, n * b, 2 * n * b)"), RIGHT),
    Fixture("right, rounded late", memory("return mb(n * b, n * b, n * b + n * b)"), RIGHT),
    Fixture(
        "one moment", memory("return mb(n * b, n * b, n * b)"), WRONG, "one moment only", "two"
    ),
    Fixture(
        "the sketch",
        memory("return mb(n * b, n * b, 4 * n)"),
        WRONG,
        "one moment only",
        "You counted one",
    ),
    Fixture(
        "32-bit moments",
        memory("return mb(n * b, n * b, 8 * n)"),
        WRONG,
        "moments always 32-bit",
        "own precision",
    ),
    Fixture(
        "bytes", memory("return mb(n * b, n * b, 2 * n * b, 1)"), WRONG, "bytes, not MB", "1e6"
    ),
    Fixture(
        "MiB", memory("return mb(n * b, n * b, 2 * n * b, 2**20)"), WRONG, "MiB, not MB", "10^6"
    ),
    *(
        Fixture(f"rounded: {size}", memory(f"return {{{size}}}"), WRONG, "rounded", "come out")
        for size in (
            "'adapter_mb': round(n * b / 1e6, 1), 'gradients_mb': round(n * b / 1e6, 1),"
            " 'optimizer_mb': 2 * round(n * b / 1e6, 1)",
            "'adapter_mb': -(-n * b // 1e4) / 100, 'gradients_mb': -(-n * b // 1e4) / 100,"
            " 'optimizer_mb': -(-2 * n * b // 1e4) / 100",
        )
    ),
    Fixture(
        "a name misspelt",
        memory("return {'adapter_mb': 1.0, 'gradient_mb': 1.0, 'optimizer_mb': 2.0}"),
        WRONG,
        "other keys",
        "Missing: 'gradients_mb'; not asked for: 'gradient_mb'",
    ),
    Fixture(
        "other names alone",
        memory("return {'adapter': 1.0}"),
        WRONG,
        "other keys",
        "returned: {'adapter': 1.0}",
    ),
    Fixture("values", memory("return mb(n, n, 2 * n)"), WRONG, "values, not bytes", "millions"),
    Fixture(
        "16 bytes",
        memory("return mb(n * b, n * b, 4 * n * b)"),
        WRONG,
        "everything in the optimizer",
        "moments alone",
    ),
    Fixture(
        "its own default",
        memory("return mb(n * b, n * b, 2 * n * b)").replace("=4", "=2"),
        WRONG,
        "another default",
        "left out means 4",
    ),
    Fixture(
        "always fp32",
        memory("return mb(n * 4, n * 4, n * 8)"),
        WRONG,
        "precision ignored",
        "bytes_per_value",
    ),
    Fixture(
        "right, with a total",
        memory("return mb(n * b, n * b, 2 * n * b) | {'total_mb': 4 * n * b / 1e6}"),
        RIGHT,
    ),
    Fixture("kB", memory("return mb(n * b, n * b, 2 * n * b, 1e3)"), WRONG, "kB, not MB", "1e6"),
    Fixture("GB", memory("return mb(n * b, n * b, 2 * n * b, 1e9)"), WRONG, "GB, not MB", "1e6"),
    Fixture(
        "cut off",
        memory("return {k: v // 1 for k, v in mb(n * b, n * b, 2 * n * b).items()}"),
        WRONG,
        "rounded to whole MB",
        "not //",
    ),
    Fixture(
        "whole MB",
        memory("return {k: round(v) for k, v in mb(n * b, n * b, 2 * n * b).items()}"),
        WRONG,
        "rounded to whole MB",
        "as they come out",
    ),
    Fixture(
        "two decimals",
        memory("return {k: round(v, 2) for k, v in mb(n * b, n * b, 2 * n * b).items()}"),
        WRONG,
        "rounded",
        "as they come out",
    ),
    Fixture(
        "three moments",
        memory("return mb(n * b, n * b, 3 * n * b)"),
        WRONG,
        "three moments",
        "You counted three",
    ),
    Fixture(
        "nothing right",
        memory("return mb(7, 8, 9)"),
        WRONG,
        words="None of the entries is right",
    ),
    Fixture(
        "one entry wrong",
        memory("return mb(n * b, n * b, 0)"),
        WRONG,
        words="Look at 'optimizer_mb': the other entries are right",
    ),
    Fixture("a number", memory("return 16 * n / 1e6"), WRONG, "another type", "dict"),
    Fixture(
        "a key missing",
        memory("return {'adapter_mb': n * b / 1e6}"),
        WRONG,
        "other keys",
        "'optimizer_mb'",
    ),
    Fixture("NaN", memory("return mb(float('nan'), n * b, 2 * n * b)"), WRONG, words="adapter_mb"),
]

COMPARE = """
import time
from dataclasses import asdict
from lora_course import *
from lora_course.tasks.matching import comparison_task

def answer(layer_dim, ranks, num_layers=1, seeds=(0, 1, 2)):
    task = comparison_task(layer_dim, num_layers)
    runs = []
    clock = time.perf_counter()
    {loops}
            model = task.model()
            adapt(model, rank, alpha={used}, seed={init})
            early = evaluate(model, task.test())
            history = fit(model, task.train({data}), seed={order}, steps={steps}, progress=False)
            accuracy = {accuracy}
            params = {params}
            seconds = {seconds}
            state = {state}
            runs.append(RankExperiment(rank, {alpha}, params, accuracy, seconds, {seed}, state))
    return {result}
"""


def compare(init: str = "seed", seeds: str = "seeds", alpha: str = "rank", **changes: str) -> str:
    parts = {
        "loops": f"for seed in {seeds}:\n        for rank in ranks:",
        "alpha": alpha,
        "used": alpha,
        "init": init,
        "data": init,
        "order": init,
        "steps": "600",
        "accuracy": "evaluate(model, task.test())",
        "params": "count_trainable(model)",
        "seconds": "history.seconds",
        "state": "adapter_state(model)",
        "seed": "seed",
        "result": "runs",
    }
    return COMPARE.format(**(parts | changes))


def trained_on(seed: str, order: str) -> str:
    """One model a rank, trained on from seed to seed."""
    return (
        compare(order=order)
        .replace("for seed in seeds:", "for rank in ranks:")
        .replace(
            "        for rank in ranks:\n            model = task.model()\n"
            "            adapt(model, rank, alpha=rank, seed=seed)\n",
            f"        model = adapt(task.model(), rank, alpha=rank, seed={seed})\n"
            "        for seed in seeds:\n",
        )
    )


def by_sweep(options: str) -> str:
    return (
        "from lora_course import rank_sweep\n"
        "from lora_course.tasks.matching import comparison_task\n"
        "def answer(dim, ranks, layers, seeds):\n"
        "    task = comparison_task(dim, layers)\n"
        f"    return rank_sweep(task, ranks, seeds, progress=False, {options})\n"
    )


RANK_COMPARISON = [
    Fixture("blank", compare(result="...").replace("for seed in seeds", "for seed in ()"), BLANK),
    Fixture("right", compare(), RIGHT),
    Fixture(
        "right, by the library",
        "from lora_course import run_rank_comparison\n"
        "def answer(dim, ranks, layers, seeds):\n"
        "    return run_rank_comparison(dim, ranks, layers, seeds=seeds, progress=False)\n",
        RIGHT,
    ),
    Fixture("one seed", compare(seeds="seeds[:1]"), WRONG, "one seed only", "loop over the seeds"),
    Fixture("own seeds", compare(seeds="(0, 1)"), WRONG, "seeds not used", "the ones passed in"),
    Fixture("same run", compare(init="0"), WRONG, "same run for every seed", "very same adapter"),
    Fixture(
        "right, ranks outside and backwards",
        compare(loops="for rank in ranks[::-1]:\n        for seed in seeds[::-1]:"),
        RIGHT,
    ),
    Fixture("right, alpha left out", compare(used="None"), RIGHT),
    Fixture("right, dicts", compare(result="[asdict(run) for run in runs]"), RIGHT),
    Fixture(
        "right, accuracy by hand",
        compare(
            accuracy="((model(*task.test().inputs) > 0) == (task.test().labels > 0.5))"
            ".float().mean().item()"
        ),
        RIGHT,
    ),
    Fixture(
        "right, own clock",
        compare(seconds="time.perf_counter() - clock").replace(
            "            history", "            clock = time.perf_counter(); history"
        ),
        RIGHT,
    ),
    Fixture("right, by a sweep", by_sweep("mode='sequential'"), RIGHT),
    Fixture("stacked", by_sweep("mode='stacked'"), WRONG, "no time a run", 'mode="sequential"'),
    Fixture(
        "trained on",
        trained_on("0", "seed"),
        WRONG,
        "trained on from the run before",
        "inside both loops",
    ),
    Fixture(
        "trained on, from the first seed",
        trained_on("seeds[0]", "seed"),
        WRONG,
        "trained on from the run before",
        "once for every run",
    ),
    Fixture(
        "trained on, without seeds",
        trained_on("0", "0"),
        WRONG,
        "trained on from the run before",
        "once for every run",
    ),
    Fixture(
        "train(0)",
        compare(data="0"),
        WRONG,
        "seed not passed to task.train",
        "write task.train(seed)",
    ),
    Fixture(
        "train(first seed)",
        compare(data="seeds[0]"),
        WRONG,
        "seed not passed to task.train",
        "write task.train(seed)",
    ),
    Fixture(
        "adapt without seed",
        compare().replace(", seed=seed)\n            early", ")\n            early"),
        WRONG,
        "seed not passed to adapt",
        "adapt(..., seed=seed)",
    ),
    Fixture(
        "fit without seed",
        compare().replace("seed=seed, steps", "steps"),
        WRONG,
        "seed not passed to fit",
        "fit(..., seed=seed)",
    ),
    Fixture(
        "neither with seed",
        compare(init="0", data="seed"),
        WRONG,
        "seed not passed to adapt and fit",
        "adapt(..., seed=seed) and fit(..., seed=seed)",
    ),
    Fixture("100 steps", compare(steps="100"), WRONG, "barely trained", "steps=100"),
    Fixture("10 steps", compare(steps="10"), WRONG, "barely trained", "fit's default steps"),
    Fixture("1000 steps", compare(steps="1000"), WRONG, "trained longer", "steps=1000"),
    Fixture(
        "other learning rate",
        compare().replace("steps=600", "learning_rate=2e-2"),
        WRONG,
        "not the recipe",
        "all else by default",
    ),
    Fixture(
        "all parameters",
        compare(params="sum(p.numel() for p in model.parameters())"),
        WRONG,
        "frozen weights counted",
        "count_trainable",
    ),
    Fixture(
        "a count by the formula of one layer",
        compare(params="2 * layer_dim * rank"),
        WRONG,
        "num_layers not used",
        "count with count_trainable",
    ),
    Fixture(
        "always one layer",
        compare().replace("layer_dim, num_layers)", "layer_dim)"),
        WRONG,
        "num_layers not used",
        "make the task with it",
    ),
    Fixture("alpha 16", compare(alpha="16"), WRONG, "alpha is not the rank", "2 of 3 points"),
    Fixture(
        "alpha 16, recorded as the rank",
        compare(used="16"),
        WRONG,
        "trained with another alpha than recorded",
        "alpha=16",
    ),
    Fixture(
        "alpha recorded as text",
        compare().replace("rank, rank, p", "rank, 'rank', p"),
        WRONG,
        "alpha is not the rank",
        "2 of 3 points",
    ),
    Fixture("accuracy 0", compare(accuracy="0.0"), WRONG, "accuracies not filled in", "evaluate"),
    Fixture(
        "percent",
        compare(accuracy="100 * evaluate(model, task.test())"),
        WRONG,
        "percentages",
        "share",
    ),
    Fixture(
        "before training",
        compare(accuracy="early"),
        WRONG,
        "evaluated before training",
        "after fit",
    ),
    Fixture(
        "made up", compare(accuracy="0.99"), WRONG, "accuracy does not match the adapter", "reach"
    ),
    Fixture(
        "training pairs",
        compare(accuracy="evaluate(model, task.train(seed))"),
        WRONG,
        "evaluated on training pairs",
        "task.test()",
    ),
    Fixture(
        "accuracy as a tensor",
        compare(accuracy="__import__('torch').tensor(evaluate(model, task.test()))"),
        WRONG,
        "tensors, not numbers",
        ".item()",
    ),
    Fixture("no adapter", compare(state="None"), WRONG, "no adapter", "adapter_state"),
    Fixture(
        "adapter before training",
        compare()
        .replace("early = ", "state = adapter_state(model); early = ")
        .replace("            state = adapter_state(model)\n", ""),
        WRONG,
        "adapter not trained",
        "after fit",
    ),
    Fixture(
        "state dict",
        compare(state="model.state_dict()"),
        WRONG,
        "another adapter",
        "pass adapter_state(model)",
    ),
    Fixture("model", compare(state="model"), ERROR, words="its adapter: adapter_state(model)"),
    Fixture(
        "incomplete dicts",
        compare(result="[{'rank': run.rank, 'seed': run.seed} for run in runs]"),
        WRONG,
        "incomplete experiments",
        "Return RankExperiment(...)",
    ),
    Fixture("time 0", compare(seconds="0.0"), WRONG, "times not filled in", ".seconds"),
    Fixture(
        "milliseconds",
        compare(seconds="1000 * history.seconds"),
        WRONG,
        "not in seconds",
        "seconds",
    ),
    Fixture(
        "clock not restarted",
        compare(seconds="time.perf_counter() - clock"),
        WRONG,
        "clock never restarted",
        "anew",
    ),
    Fixture(
        "clock beside the training",
        compare(seconds="1e-6"),
        WRONG,
        "clock beside the training",
        "right before fit",
    ),
    Fixture("nothing", compare(result="None"), WRONG, "nothing returned", "`return` missing"),
    Fixture("not a list", compare(result="len(runs)"), WRONG, "not a list of experiments", "list"),
]

CHOICE_CODE = """
import statistics

def answer(ranks, accuracies):
    means = [statistics.fmean(row) for row in accuracies]
    best = means.index(max(means))
    n = len(accuracies[0])
    if n < 2:
        {one_seed}
    for place, row in enumerate(accuracies):
        gaps = [b - a for a, b in zip(row, accuracies[best])]
        difference, error = statistics.fmean(gaps), {error}
        if {rule}:
            return dict(rank=ranks[place], best_rank=ranks[best], difference=difference,
                        standard_error=error)
"""


def choose(
    rule: str = "difference <= error",
    error: str = "statistics.stdev(gaps) / n**0.5",
    one_seed: str = "return {'rank': None}",
) -> str:
    return CHOICE_CODE.format(rule=rule, error=error, one_seed=one_seed)


def walk(start: str, stop: str, step: str) -> str:
    """Walk over the ranks and stop at the first that is too far behind."""
    return (
        "import statistics\n"
        "def answer(ranks, accuracies):\n"
        "    n = len(accuracies[0])\n"
        "    if n < 2:\n"
        "        return {'rank': None}\n"
        "    means = [statistics.fmean(row) for row in accuracies]\n"
        "    best = means.index(max(means))\n"
        "    chosen = best\n"
        "    facts = (0.0, 0.0)\n"
        f"    for place in range({start}, {stop}, {step}):\n"
        "        gaps = [b - a for a, b in zip(accuracies[place], accuracies[best])]\n"
        "        difference, error = statistics.fmean(gaps), statistics.stdev(gaps) / n**0.5\n"
        "        if difference > error:\n"
        "            break\n"
        "        chosen, facts = place, (difference, error)\n"
        "    return dict(rank=ranks[chosen], best_rank=ranks[best], difference=facts[0],\n"
        "                standard_error=facts[1])\n"
    )


CHOICE = [
    Fixture("blank", "def answer(ranks, accuracies):\n    return ...\n", BLANK),
    Fixture("right", choose(), RIGHT),
    Fixture(
        "right, with numpy",
        "import numpy as np\n"
        "def answer(ranks, accuracies):\n"
        "    table = np.array(accuracies)\n"
        "    if table.shape[1] == 1:\n"
        "        return {'rank': None}\n"
        "    best = int(table.mean(1).argmax())\n"
        "    gaps = table[best] - table\n"
        "    error = gaps.std(1, ddof=1) / np.sqrt(table.shape[1])\n"
        "    place = int(np.argmax(gaps.mean(1) <= error))\n"
        "    return {'rank': ranks[place], 'best_rank': ranks[best],\n"
        "            'difference': gaps[place].mean(), 'standard_error': error[place]}\n",
        RIGHT,
    ),
    Fixture(
        "right, with torch in fp32",
        "import torch\n"
        "def answer(ranks, accuracies):\n"
        "    table = torch.tensor(accuracies)\n"
        "    if table.shape[1] == 1:\n"
        "        return {'rank': None}\n"
        "    best = int(table.mean(1).argmax())\n"
        "    gaps = table[best] - table\n"
        "    error = gaps.std(1) / table.shape[1] ** 0.5\n"
        "    place = int((gaps.mean(1) <= error).int().argmax())\n"
        "    return {'rank': ranks[place], 'best_rank': ranks[best],\n"
        "            'difference': gaps[place].mean().item(),\n"
        "            'standard_error': error[place].item()}\n",
        RIGHT,
    ),
    Fixture("best mean", choose(rule="place == best"), WRONG, "always the best mean", "costs less"),
    Fixture("smallest", choose(rule="True"), WRONG, "always the smallest", "how far behind"),
    Fixture(
        "largest", choose(rule="place == len(ranks) - 1"), WRONG, "always the largest", "largest"
    ),
    Fixture(
        "unpaired",
        choose(
            error="0.0 if place == best else ((statistics.variance(row)"
            " + statistics.variance(accuracies[best])) / n)**0.5"
        ),
        WRONG,
        "unpaired standard error",
        "seed by seed",
    ),
    Fixture(
        "standard deviation",
        choose(error="statistics.stdev(gaps)"),
        WRONG,
        "standard deviation",
        "smaller by sqrt",
    ),
    Fixture(
        "divided by n",
        choose(error="statistics.pstdev(gaps) / n**0.5"),
        WRONG,
        "divided by n",
        "n − 1",
    ),
    Fixture(
        "first seed",
        choose()
        .replace("statistics.fmean(row) for row", "row[0] for row")
        .replace("if difference <= error", "if place == best"),
        WRONG,
        "first seed only",
        "average each rank",
    ),
    Fixture(
        "best of the first seed",
        choose().replace("statistics.fmean(row) for row", "row[0] for row"),
        WRONG,
        "first seed only",
        "average each rank",
    ),
    Fixture(
        "luckiest seed",
        choose().replace("statistics.fmean(row) for row", "max(row) for row"),
        WRONG,
        "best by its luckiest seed",
        "compare the means",
    ),
    Fixture(
        "trusts one seed",
        choose(one_seed="return {'rank': ranks[best]}"),
        WRONG,
        "one seed trusted",
        "luck",
    ),
    Fixture(
        "never chooses",
        "def answer(ranks, accuracies):\n    return {'rank': None}\n",
        WRONG,
        "never chooses",
        "then choose a rank",
    ),
    Fixture(
        "fails on one seed",
        choose(one_seed="pass"),
        WRONG,
        "one seed not handled",
        "Handle len(accuracies[0]) < 2 first",
    ),
    Fixture(
        "down from the best",
        walk("best", "-1", "-1"),
        WRONG,
        "stopped at the first failure",
        "through all ranks",
    ),
    Fixture(
        "down from the largest",
        walk("len(ranks) - 1", "-1", "-1"),
        WRONG,
        "walked down from the largest",
        "from the smallest up",
    ),
    Fixture(
        "the largest within",
        choose().replace("in enumerate(accuracies):", "in list(enumerate(accuracies))[::-1]:"),
        WRONG,
        "walked down from the largest",
        "from the smallest up",
    ),
    Fixture(
        "root of n - 1",
        choose(error="statistics.stdev(gaps) / (n - 1)**0.5"),
        WRONG,
        "divided by the root of n − 1",
        "sqrt(n)",
    ),
    Fixture(
        "n, not its root",
        choose(error="statistics.stdev(gaps) / n"),
        WRONG,
        "divided by n, not its root",
        "sqrt(n)",
    ),
    Fixture(
        "threshold",
        choose(rule="difference <= 0.005"),
        WRONG,
        "a fixed threshold",
        "for the seeds to say",
    ),
    *(
        Fixture(label, choose(rule=rule, error=error), WRONG, "two standard errors", "one")
        for label, rule, error in (
            ("two errors", "difference <= 2 * error", "statistics.stdev(gaps) / n**0.5"),
            ("1.96 errors", "difference <= 1.96 * error", "statistics.stdev(gaps) / n**0.5"),
            ("two errors kept", "difference <= error", "2 * statistics.stdev(gaps) / n**0.5"),
        )
    ),
    *(
        Fixture(
            f"own error, {row}",
            choose(error=f"statistics.stdev({row}) / n**0.5 if place != best else 0.0"),
            WRONG,
            "one rank's own standard error",
            "seed by seed",
        )
        for row in ("accuracies[best]", "row")
    ),
    Fixture(
        "the textbook rule",
        choose(
            rule="means[place] >= means[best] - statistics.stdev(accuracies[best]) / n**0.5",
        ),
        WRONG,
        "one rank's own standard error",
        "seed by seed",
    ),
    Fixture(
        "the next rank",
        choose().replace(
            "zip(row, accuracies[best])]",
            "zip(row, accuracies[min(place + 1, len(ranks) - 1)])]",
        ),
        WRONG,
        "compared with the next rank",
        "add up",
    ),
    Fixture(
        "strictly less",
        choose(rule="difference < error"),
        WRONG,
        "less instead of at most",
        "not <",
    ),
    Fixture(
        "chosen minus best",
        choose().replace("difference=difference", "difference=-difference"),
        WRONG,
        "difference the wrong way round",
        "2 of 3 points",
    ),
    Fixture(
        "every difference the wrong way round",
        choose().replace("b - a for a, b", "a - b for a, b"),
        WRONG,
        "differences the wrong way round",
        "every rank passes",
    ),
    *(
        Fixture(
            f"variance{by}",
            choose(error=f"statistics.variance(gaps){by}"),
            WRONG,
            "the variance",
            "Its root",
        )
        for by in ("", " / n**0.5", " / n")
    ),
    Fixture(
        "a quoted None",
        choose(one_seed="return {'rank': 'None'}"),
        WRONG,
        "None in quotes",
        "without quotes",
    ),
    Fixture(
        "rounded",
        choose().replace("difference=difference", "difference=round(difference, 4)"),
        WRONG,
        words="2 of 3 points",
    ),
    Fixture(
        "another rank",
        choose(rule="place == 1"),
        WRONG,
        words="'rank' is not right",
    ),
    Fixture("right, and more", choose().replace("dict(rank", "dict(why='near', rank"), RIGHT),
    Fixture(
        "only the rank",
        choose().replace("return dict(rank=ranks[place], best", "return ranks[place]; dict(best"),
        WRONG,
        "another type",
        "dict",
    ),
]

# Training takes seconds, and so does making adapters; test_questions.py draws for the others.
OWN_DRAWS = ("rank_comparison", "choice", "sweep")

TABLES = {
    "lora_params": LORA_PARAMS,
    "adapter_memory": ADAPTER_MEMORY,
    # The first of them show every kind of outcome; all the others train for seconds.
    "rank_comparison": [f._replace(long=place > 8) for place, f in enumerate(RANK_COMPARISON)],
    "choice": CHOICE,
    "sweep": SWEEP,
}
