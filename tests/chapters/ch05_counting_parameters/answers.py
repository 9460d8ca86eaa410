"""What learners answer in chapter 5, as they would type it, and what they must be told."""

from tests.chapters.fixture import BLANK, ERROR, RIGHT, WRONG, Fixture


def count(
    queries: str = "config['num_attention_heads'] * config['head_dim']",
    keys: str = "config['num_key_value_heads'] * config['head_dim']",
    inner: str = "config['intermediate_size']",
    each: str = "d_out + d_in",
    total: str = "config['num_hidden_layers'] * rank * sum(sides[name] for name in targets)",
) -> str:
    """A count by a table of shapes, some of it as given."""
    return (
        "def answer(config, rank, targets):\n"
        "    hidden = config['hidden_size']\n"
        f"    queries, keys, inner = {queries}, {keys}, {inner}\n"
        "    shapes = {'q_proj': (queries, hidden), 'k_proj': (keys, hidden),\n"
        "              'v_proj': (keys, hidden), 'o_proj': (hidden, queries),\n"
        "              'gate_proj': (inner, hidden), 'up_proj': (inner, hidden),\n"
        "              'down_proj': (hidden, inner)}\n"
        f"    sides = {{name: {each} for name, (d_out, d_in) in shapes.items()}}\n"
        f"    return {total}\n"
    )


COUNT = [
    Fixture(
        "blank",
        "def answer(config, rank, targets):\n    return ...\n",
        BLANK,
        words="still returns the dots",
    ),
    Fixture("right", count(), RIGHT),
    Fixture(
        "right, target by target",
        "def answer(config, rank, targets):\n"
        "    total = 0\n"
        "    for name in targets:\n"
        "        if name in ('gate_proj', 'up_proj', 'down_proj'):\n"
        "            other = config['intermediate_size']\n"
        "        elif name in ('k_proj', 'v_proj'):\n"
        "            other = config['num_key_value_heads'] * config['head_dim']\n"
        "        else:\n"
        "            other = config['num_attention_heads'] * config['head_dim']\n"
        "        total += rank * config['hidden_size'] + rank * other\n"
        "    return total * config['num_hidden_layers']\n",
        RIGHT,
    ),
    Fixture(
        "right, of numpy's",
        "import numpy\n"
        + count(
            total="numpy.int64(rank * config['num_hidden_layers'])"
            " * numpy.array([sides[name] for name in targets]).sum()"
        ),
        RIGHT,
    ),
    Fixture(
        "right, with tensors",
        "import torch\n"
        + count(
            total="sum(torch.empty(d, rank, device='meta').numel() for d in"
            " [sides[name] for name in targets]) * config['num_hidden_layers']"
        ),
        RIGHT,
    ),
    Fixture(
        "one layer",
        count(total="rank * sum(sides[name] for name in targets)"),
        WRONG,
        "one layer only",
        "num_hidden_layers of them",
    ),
    Fixture(
        "squares",
        count("hidden", "hidden", "hidden"),
        WRONG,
        "squares",
        "hidden_size × hidden_size",
    ),
    Fixture(
        "no groups",
        count(keys="config['num_attention_heads'] * config['head_dim']"),
        WRONG,
        "no groups",
        "fewer than q_proj",
    ),
    Fixture(
        "all in groups",
        count(queries="config['num_key_value_heads'] * config['head_dim']"),
        WRONG,
        "everything in groups",
        "Only k_proj and v_proj",
    ),
    Fixture(
        "queries as wide as hidden",
        count(queries="hidden"),
        WRONG,
        "heads times head_dim taken for hidden_size",
        "need not be hidden_size",
    ),
    Fixture(
        "a head_dim of its own",
        count(
            "hidden // config['num_attention_heads'] * config['num_attention_heads']",
            "hidden // config['num_attention_heads'] * config['num_key_value_heads']",
        ),
        WRONG,
        "head_dim from hidden_size",
        "head_dim is given",
    ),
    Fixture(
        "heads alone",
        count("config['num_attention_heads']", "config['num_key_value_heads']"),
        WRONG,
        "head_dim forgotten",
        "head_dim rows",
    ),
    Fixture(
        "targets ignored",
        count(total="config['num_hidden_layers'] * rank * sum(sides.values())"),
        WRONG,
        "all seven",
        "the targets only",
    ),
    Fixture("W", count(each="d_out * d_in"), WRONG, "the full matrices", "which is frozen"),
    Fixture("B", count(each="d_out"), WRONG, "B alone", "Add A"),
    Fixture("A", count(each="d_in"), WRONG, "A alone", "Add B"),
    Fixture(
        "a narrow MLP", count(inner="hidden"), WRONG, "the MLP as wide as the rest", "leads back"
    ),
    Fixture(
        "a float",
        count(total="config['num_hidden_layers'] * float(rank) * sum(sides[n] for n in targets)"),
        WRONG,
        "not a whole number",
        "int",
    ),
    Fixture(
        "a string",
        count(total="str(config['num_hidden_layers'] * rank)"),
        WRONG,
        "another type",
        "int",
    ),
    Fixture("wrong key", count(inner="config['mlp']"), ERROR, words="KeyError"),
]


def size(total: str) -> str:
    return (
        "def answer(adapter, vocabulary, hidden, saved, tokens, base_bytes):\n"
        "    matrix = vocabulary * hidden\n"
        f"    return {total}\n"
    )


SIZE = [
    Fixture(
        "blank",
        "def answer(adapter, vocabulary, hidden, saved, tokens, base_bytes):\n    return ...\n",
        BLANK,
        words="still returns the dots",
    ),
    Fixture(
        "right",
        size("4 * adapter + len(saved) * matrix * base_bytes + 4 * tokens * hidden"),
        RIGHT,
    ),
    Fixture(
        "right, in floats",
        size("4.0 * (adapter + tokens * hidden) + sum(base_bytes * matrix for _ in saved)"),
        RIGHT,
    ),
    Fixture(
        "right, in fp32",
        "import torch\n"
        + size(
            "torch.tensor([4.0 * adapter, 1.0 * len(saved) * matrix * base_bytes,"
            " 4.0 * tokens * hidden]).sum().item()"
        ),
        RIGHT,
    ),
    Fixture(
        "right, of numpy's",
        "import numpy\n"
        + size(
            "numpy.dot(numpy.array([4, base_bytes, 4], dtype=numpy.int64),"
            " [adapter, len(saved) * matrix, tokens * hidden])"
        ),
        RIGHT,
    ),
    Fixture(
        "all in fp32",
        size("4 * (adapter + len(saved) * matrix + tokens * hidden)"),
        WRONG,
        "all in fp32",
        "base_bytes a number",
    ),
    Fixture(
        "all in 16 bits",
        size("base_bytes * (adapter + len(saved) * matrix + tokens * hidden)"),
        WRONG,
        "all in the base's type",
        "4 bytes a number",
    ),
    Fixture(
        "rows in 16 bits",
        size("4 * adapter + base_bytes * (len(saved) * matrix + tokens * hidden)"),
        WRONG,
        "single rows in the base's type",
        "rows of single tokens",
    ),
    Fixture(
        "tied, so once",
        size("4 * adapter + bool(saved) * matrix * base_bytes + 4 * tokens * hidden"),
        WRONG,
        "one matrix for two",
        "each for itself",
    ),
    Fixture(
        "nothing whole",
        size("4 * (adapter + tokens * hidden)"),
        WRONG,
        "what is saved whole left out",
        "vocabulary × hidden",
    ),
    Fixture(
        "no rows",
        size("4 * adapter + len(saved) * matrix * base_bytes"),
        WRONG,
        "the rows left out",
        "a row of",
    ),
    Fixture(
        "a number a token",
        size("4 * (adapter + tokens) + len(saved) * matrix * base_bytes"),
        WRONG,
        "a number a token",
        "not one number",
    ),
    Fixture(
        "the whole matrix",
        size("4 * adapter + len(saved) * matrix * base_bytes + bool(tokens) * 4 * matrix"),
        WRONG,
        "the whole matrix for a few tokens",
        "own rows alone",
    ),
    Fixture(
        "numbers",
        size("adapter + len(saved) * matrix + tokens * hidden"),
        WRONG,
        "numbers, not bytes",
        "4 bytes",
    ),
    Fixture(
        "MB",
        size("(4 * adapter + len(saved) * matrix * base_bytes + 4 * tokens * hidden) / 1e6"),
        WRONG,
        "MB, not bytes",
        "Return bytes",
    ),
    Fixture("None", size("None"), WRONG, "nothing returned"),
    Fixture("called", "answer = 4.0", ERROR, words="without calling it"),
]


def reach(
    hit: str = "module == target or module.endswith('.' + target)",
    adapted: str = "[m for m in modules if any(hit(m, t) for t in targets)]",
    idle: str = "[t for t in targets if not any(hit(m, t) for m in modules)]",
) -> str:
    return (
        "def answer(modules, targets):\n"
        f"    hit = lambda module, target: {hit}\n"
        f"    return {{'adapted': {adapted}, 'idle': {idle}}}\n"
    )


REACH = [
    Fixture(
        "blank",
        "def answer(modules, targets):\n    return ...\n",
        BLANK,
        words="still returns the dots",
    ),
    Fixture("right", reach(), RIGHT),
    Fixture(
        "right, by splitting",
        reach("module.split('.')[-len(target.split('.')):] == target.split('.')"),
        RIGHT,
    ),
    Fixture(
        "right, by an expression",
        "import re\n" + reach("re.fullmatch(rf'(.*\\.)?{re.escape(target)}', module)"),
        RIGHT,
    ),
    Fixture("right, with a dot before", reach("('.' + module).endswith('.' + target)"), RIGHT),
    Fixture(
        "right, sets and tuples",
        reach(
            adapted="{m for m in modules if any(hit(m, t) for t in targets)}",
            idle="tuple(reversed([t for t in targets if not any(hit(m, t) for m in modules)]))",
        ),
        RIGHT,
    ),
    Fixture(
        "somewhere in it",
        reach("target in module"),
        WRONG,
        "any part of a name",
        "not enough",
    ),
    Fixture(
        "the last letters",
        reach("module.endswith(target)"),
        WRONG,
        "the last letters",
        "no dot before it",
    ),
    Fixture(
        "the last name",
        reach("module.rpartition('.')[2] == target"),
        WRONG,
        "the last name only",
        "a dot of its own",
    ),
    Fixture(
        "lm_head missed",
        reach("module.endswith('.' + target)"),
        WRONG,
        "a whole name missed",
        "no dot before lm_head",
    ),
    Fixture(
        "equal", reach("module == target"), WRONG, "whole names only", "need not be the whole name"
    ),
    Fixture(
        "frozen ones",
        reach(adapted="[m for m in modules if not any(hit(m, t) for t in targets)]"),
        WRONG,
        "what stays frozen",
        "no target reaches",
    ),
    Fixture(
        "used ones",
        reach(idle="[t for t in targets if any(hit(m, t) for m in modules)]"),
        WRONG,
        "the targets that are used",
        "reach none",
    ),
    Fixture(
        "names twice",
        reach(adapted="[m for m in modules for t in targets if hit(m, t)] * 2"),
        WRONG,
    ),
    Fixture("one text", reach(idle="', '.join(targets)"), WRONG),
    Fixture(
        "a list", "def answer(modules, targets): return modules", WRONG, "another type", "dict"
    ),
    Fixture("an error", reach(idle="targets[99]"), ERROR, words="IndexError"),
]

TABLES = {"count": COUNT, "size": SIZE, "reach": REACH}
