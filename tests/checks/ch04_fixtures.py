"""What learners answer in chapter 4, as they would type it, and what they must be told.

A fixture is (label, code, outcome, mistake, words): the code defines `answer`; the check must give
the outcome, name the mistake and say the words.
"""

from typing import NamedTuple

from lora_course.checks.result import Outcome

RIGHT, WRONG, ERROR, BLANK = (
    Outcome.CORRECT,
    Outcome.INCORRECT,
    Outcome.ERROR,
    Outcome.NOT_ATTEMPTED,
)


class Fixture(NamedTuple):
    label: str
    code: str
    outcome: Outcome
    mistake: str = ""
    words: str = ""


def count(body: str) -> str:
    return (
        "def answer(layer_dim, rank, num_layers=32):\n"
        "    d_out, d_in = (layer_dim, layer_dim) if isinstance(layer_dim, int) else layer_dim\n"
        f"    {body}\n"
    )


LORA_PARAMS = [
    Fixture("blank", count("return ..."), BLANK, words="Replace the dots"),
    Fixture("right", count("return num_layers * rank * (d_out + d_in)"), RIGHT),
    Fixture(
        "right, in a loop",
        count("return sum(d_out * rank + rank * d_in for _ in range(num_layers))"),
        RIGHT,
    ),
    Fixture("one layer", count("return rank * (d_out + d_in)"), WRONG, "one layer only", "Every"),
    Fixture(
        "one factor", count("return rank * d_out * num_layers"), WRONG, "one factor only", "two"
    ),
    Fixture("W", count("return d_out * d_in * num_layers"), WRONG, "the full matrix", "frozen"),
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
    Fixture("text", count("return str(rank)"), WRONG, "another type", "str"),
    Fixture("raises", count("return rank / 0"), ERROR, words="ZeroDivisionError"),
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
    Fixture("values", memory("return mb(n, n, 2 * n)"), WRONG, "values, not bytes", "millions"),
    Fixture(
        "16 bytes",
        memory("return mb(n * b, n * b, 4 * n * b)"),
        WRONG,
        "everything in the optimizer",
        "moments alone",
    ),
    Fixture(
        "always fp32",
        memory("return mb(n * 4, n * 4, n * 8)"),
        WRONG,
        "precision ignored",
        "bytes_per_value",
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
from lora_course import *
from lora_course.tasks.matching import comparison_task

def answer(layer_dim, ranks, num_layers=1, seeds=(0, 1, 2)):
    task = comparison_task(layer_dim, num_layers)
    runs = []
    clock = time.perf_counter()
    for seed in {seeds}:
        for rank in ranks:
            model = task.model()
            alpha = {alpha}
            adapt(model, rank, alpha=alpha, seed={init})
            early = evaluate(model, task.test())
            history = fit(model, task.train({init}), seed={init}, steps={steps}, progress=False)
            accuracy = {accuracy}
            params = {params}
            seconds = {seconds}
            state = {state}
            runs.append(RankExperiment(rank, alpha, params, accuracy, seconds, {seed}, state))
    return {result}
"""


def compare(**changes: str) -> str:
    parts = {
        "seeds": "seeds",
        "alpha": "rank",
        "init": "seed",
        "steps": "600",
        "accuracy": "evaluate(model, task.test())",
        "params": "count_trainable(model)",
        "seconds": "history.seconds",
        "state": "adapter_state(model)",
        "seed": "seed",
        "result": "runs",
    }
    return COMPARE.format(**(parts | changes))


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
        "all parameters",
        compare(params="sum(p.numel() for p in model.parameters())"),
        WRONG,
        "frozen weights counted",
        "count_trainable",
    ),
    Fixture(
        "alpha 16", compare(alpha="16"), WRONG, "alpha fixed while the rank varies", "step size"
    ),
    Fixture("accuracy 0", compare(accuracy="0.0"), WRONG, "accuracy not filled in", "evaluate"),
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
    Fixture("no adapter", compare(state="None"), WRONG, "no adapter", "adapter_state"),
    Fixture("time 0", compare(seconds="0.0"), WRONG, "time not filled in", ".seconds"),
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
    ),
    Fixture(
        "trusts one seed",
        choose(one_seed="return {'rank': ranks[best]}"),
        WRONG,
        "one seed trusted",
        "luck",
    ),
    Fixture("fails on one seed", choose(one_seed="pass"), ERROR, words="StatisticsError"),
    Fixture(
        "only the rank",
        choose().replace("return dict(rank=ranks[place], best", "return ranks[place]; dict(best"),
        WRONG,
        "another type",
        "dict",
    ),
]

TABLES = {
    "lora_params": LORA_PARAMS,
    "adapter_memory": ADAPTER_MEMORY,
    "rank_comparison": RANK_COMPARISON,
    "choice": CHOICE,
}
