"""What learners answer to chapter 4's last question, and what they must be told."""

from tests.chapters.fixture import BLANK, ERROR, RIGHT, WRONG, Fixture

CONFIG = 'LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear")'
SEEDS = "[train(config, rate, seed) for seed in seeds]"
BEST = "min(row, key=lambda rate: sum(row[rate]))"
UP, DOWN = "rates.append(2 * rates[-1])", "rates.insert(0, rates[0] / 2)"


def sweep(config: str = CONFIG, losses: str = SEEDS, best: str = BEST, end: str = "") -> str:
    """An answer with other expressions in some of its places; `end`: lines before the widening."""
    return f"""
from statistics import fmean
from peft import LoraConfig

def answer(train, ranks, rates, seeds):
    losses = {{rank: {{}} for rank in ranks}}
    rates = sorted(rates)
    while True:
        for rank in ranks:
            for rate in rates:
                config = {config}
                if rate not in losses[rank]:
                    losses[rank][rate] = {losses}
        {end}
        best = [{best} for row in losses.values()]
        if rates[0] in best:
            {DOWN}
        elif rates[-1] in best:
            {UP}
        else:
            return losses
"""


RANK_BY_RANK = f"""
from peft import LoraConfig

def answer(train, ranks, rates, seeds):
    losses = {{}}
    for rank in ranks:
        config = {CONFIG}
        row = {{rate: {SEEDS} for rate in rates}}
        while True:
            tried, best = sorted(row), {BEST}
            if best == tried[0]:
                rate = best / 3
            elif best == tried[-1]:
                rate = best * 3
            else:
                break
            row[rate] = {SEEDS}
        losses[rank] = row
    return losses
"""
ONCE = f"""
        if len(rates) > 3:
            return losses
        if len(rates) == 3:
            best = [{BEST} for row in losses.values()]
            if rates[0] in best:
                {DOWN}
            if rates[-1] in best:
                {UP}
            if len(rates) == 3:
                return losses
            continue"""
ALL_NAMES = "['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']"


def targets(chosen: str) -> str:
    return sweep(CONFIG.replace('"all-linear"', chosen))


def alpha(chosen: str, more: str = "") -> str:
    return sweep(f'LoraConfig(r=rank, lora_alpha={chosen}, target_modules="all-linear"{more})')


SWEEP = [
    Fixture(
        "blank",
        "def answer(train, ranks, rates, seeds):\n    return ...\n",
        BLANK,
        words="still returns the dots",
    ),
    Fixture("right", sweep(), RIGHT),
    Fixture("right, each rank with rates of its own", RANK_BY_RANK, RIGHT),
    Fixture("right, one alpha for all", alpha("16"), RIGHT),
    Fixture("right, rsLoRA", alpha("16", ", use_rslora=True"), RIGHT),
    Fixture("right, alpha by the root", alpha("round(8 * rank**0.5)"), RIGHT),
    Fixture("right, by names", targets(ALL_NAMES), RIGHT),
    Fixture("right, by a pattern", targets("r'.*_proj'"), RIGHT),
    Fixture(
        "right, with a task type and dropout",
        alpha("rank", ", task_type='CAUSAL_LM', lora_dropout=0.05"),
        RIGHT,
    ),
    Fixture(
        "right, trained again", sweep().replace("if rate not in losses[rank]", "if True"), RIGHT
    ),
    Fixture(
        "right, by keywords",
        sweep(losses="[train(config=config, learning_rate=rate, seed=s) for s in seeds]"),
        RIGHT,
    ),
    Fixture(
        "right, with numpy",
        "import numpy as np\n"
        + sweep(best="min(row, key=lambda rate: np.mean(row[rate]))")
        .replace("sorted(rates)", "np.sort(rates)")
        .replace(UP, "rates = np.append(rates, 2 * rates[-1])")
        .replace(DOWN, "rates = np.insert(rates, 0, rates[0] / 2)"),
        RIGHT,
    ),
    Fixture(
        "the rank is not passed", sweep(CONFIG.replace("r=rank, ", "")), WRONG, "one rank for all"
    ),
    Fixture(
        "PEFT's targets",
        sweep("LoraConfig(r=rank, lora_alpha=2 * rank)"),
        WRONG,
        "PEFT's own targets",
        "all-linear",
    ),
    Fixture("the MLP alone", targets("['up_proj', 'down_proj']"), WRONG, "layers left out"),
    Fixture(
        "the first block alone",
        alpha("2 * rank", ", layers_to_transform=[0]").replace('"all-linear"', ALL_NAMES),
        WRONG,
        "layers left out",
        "7 layers adapted",
    ),
    Fixture(
        "an alpha that stops falling",
        alpha("max(16, rank)"),
        WRONG,
        "no one rule of alpha",
        "different scales",
    ),
    Fixture(
        "rsLoRA for the large ranks",
        alpha("16", ", use_rslora=rank > 8"),
        WRONG,
        "no one rule of alpha",
    ),
    Fixture("alpha by the rate", alpha("4000 * rate * rank"), WRONG, "alpha by the rate or seed"),
    Fixture("one seed", sweep(losses="[train(config, rate, seeds[0])]"), WRONG, "seeds left out"),
    Fixture(
        "one seed at the rates added",
        sweep(losses="[train(config, rate, s) for s in (seeds if len(rates) < 4 else seeds[:1])]"),
        WRONG,
        "seeds left out",
    ),
    Fixture(
        "other seeds at the rates added",
        sweep(losses="[train(config, rate, seed + 2 * (len(rates) > 3)) for seed in seeds]"),
        WRONG,
        "losses of other runs",
    ),
    *(
        Fixture(
            f"the best rate by {by}",
            sweep(best=f"min(row, key=lambda rate: {rule})"),
            WRONG,
            "widened without need",
            "lowest mean",
        )
        for by, rule in (
            ("the luckiest run", "min(row[rate])"),
            ("the first seed", "row[rate][0]"),
            ("the last seed", "row[rate][-1]"),
        )
    ),
    Fixture(
        "the rate falls to 0",
        sweep().replace(UP, "rates.append(0.0)").replace(DOWN, "rates.insert(0, 0.0)"),
        WRONG,
        words="above 0",
    ),
    Fixture(
        "the mean",
        sweep(losses=f"fmean({SEEDS})", best="min(row, key=row.get)"),
        WRONG,
        "one number for all seeds",
        "in a list",
    ),
    Fixture(
        "seeds counted anew",
        sweep(losses="[train(config, rate, seed) for seed in range(len(seeds))]"),
        WRONG,
        "losses of other runs",
    ),
    Fixture("not widened", sweep(end="return losses"), WRONG, "not widened", "one beyond"),
    Fixture("widened once", sweep(end=ONCE.strip()), WRONG, "not widened upward", "not be enough"),
    Fixture(
        "widened upward alone",
        sweep().replace("if rates[0] in best", "if False"),
        WRONG,
        "not widened downward",
    ),
    Fixture(
        "widened downward alone",
        sweep().replace("elif rates[-1] in best", "elif False"),
        WRONG,
        "not widened",
    ),
    Fixture(
        "widened at once",
        sweep(
            end=f"if len(rates) == 3:\n            {DOWN}\n            {UP}\n            continue"
        ),
        WRONG,
        "widened without need",
    ),
    Fixture(
        "the highest loss",
        sweep(best="max(row, key=lambda rate: sum(row[rate]))"),
        WRONG,
        "never ends",
        "the lowest",
    ),
    Fixture(
        "only what is best",
        sweep().replace(
            "return losses",
            f"return {{rank: {{rate: row[rate] for rate in [{BEST}]}} for rank, row in"
            " losses.items()}",
        ),
        WRONG,
        "rates left out",
        "all that was tried",
    ),
    Fixture(
        "nothing returned", sweep().replace("return losses", "return"), WRONG, "nothing returned"
    ),
    Fixture(
        "a table",
        sweep().replace("return losses", "return list(losses.values())"),
        WRONG,
        "not a dict of dicts",
    ),
    Fixture(
        "made up",
        "def answer(train, ranks, rates, seeds):\n"
        "    return {rank: {rate: [2.0 for _ in seeds] for rate in rates} for rank in ranks}\n",
        WRONG,
        "train never called",
    ),
    Fixture("an index", sweep().replace("losses[rank]", "losses[ranks.index(rank)]"), ERROR),
    Fixture(
        "arguments exchanged",
        sweep(losses="[train(config, seed, rate) for seed in seeds]"),
        ERROR,
        words="exchanged",
    ),
    Fixture(
        "no config",
        sweep(losses="[train(rank, rate, seed) for seed in seeds]"),
        ERROR,
        words="the first a LoraConfig",
    ),
    Fixture(
        "a name that is not there",
        targets("['query']"),
        ERROR,
        words="not found in the base model",
    ),
]
