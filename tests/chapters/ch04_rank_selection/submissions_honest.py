"""Honest submissions: the work is what it is, whatever the notebook around it looks like."""

from tests.example import FULL, HALF_B, IMPORTS, ONLY_A, ROOM, SQUARE, A, B, C, D, E
from tests.grading.notebooks import Entry, notebook, old_format, with_outputs

NO_TIMES = C.replace("history.seconds", "0.0")
ONE_SEED_D = D.replace('return {"rank": None}', 'return {"rank": ranks[best]}')
NO_IMPORT_D = D.partition("\n")[2].lstrip()
BLANKS = "def {}(*arguments, **named):\n    return ..."
ALL_LINEAR = ', target_modules="all-linear"'
SLOW_A = A.replace("    d_out", "    import time; time.sleep(0.5)\n    d_out", 1)

WITHOUT_TRAINING = {"lora_params": 2, "choice": 3}
WITH_ODD_IMPORTS = "{}\n" + "\n".join(ROOM.read_built()["imports"])
BIG_FIGURES = "<img src='data:image/png;base64," + "A" * 3_000_000 + "'>"
ENTRIES = [
    *(
        Entry(f"imports with {odd}", notebook(WITH_ODD_IMPORTS.format(odd), A, D), WITHOUT_TRAINING)
        for odd in (
            "%matplotlib widget",
            "from google.colab import drive",
            "!pip install --quiet nothing",
            "%%time",
            "%load_ext nothing",
        )
    ),
    Entry(
        "lines that end as on Windows",
        notebook(IMPORTS, A, D).replace(b"\\n", b"\\r\\n"),
        {"lora_params": 2, "choice": 3},
    ),
    Entry("large figures", with_outputs(notebook(A, *["x = 1"] * 7), BIG_FIGURES), ONLY_A),
    Entry("an answer above the blank exercise", notebook(A, BLANKS.format("estimate_lora_params"))),
    Entry("a name misspelt", notebook(IMPORTS, A, D.replace("statistics", "statistic")), ONLY_A),
    Entry(
        "answers of sympy's and numpy's",
        notebook(
            "import numpy, sympy",
            "def estimate_lora_params(layer_dim, rank, num_layers=32):\n"
            "    d_out, d_in = (layer_dim,) * 2 if type(layer_dim) is int else layer_dim\n"
            "    return sympy.Integer(num_layers * rank) * (d_out + d_in)",
            "def adapter_memory(lora_params, bytes_per_value=4):\n"
            "    mb = numpy.float64(lora_params * bytes_per_value) / 1e6\n"
            "    return {'adapter_mb': mb, 'gradients_mb': mb, 'optimizer_mb': 2 * mb}",
        ),
        {"lora_params": 2, "adapter_memory": 2},
    ),
    Entry("perfect", notebook(IMPORTS, A, B, C, D, E), FULL),
    Entry("imports after the answers", notebook(A, E, D, C, B, IMPORTS), FULL),
    Entry("every cell twice", notebook(*[IMPORTS, A, B, D, E] * 2), FULL | {"rank_comparison": 0}),
    Entry(
        "blank",
        notebook(
            BLANKS.format("estimate_lora_params"),
            BLANKS.format("adapter_memory"),
            BLANKS.format("run_rank_comparison"),
            BLANKS.format("choose_rank_by_hand"),
            BLANKS.format("sweep"),
        ),
    ),
    Entry("answers deleted", notebook("#md # 4", "print(1)")),
    Entry("no code at all", notebook("#md # 4")),
    Entry("half of a", notebook(SQUARE), {"lora_params": 1}),
    Entry("half of b", notebook(HALF_B), {"adapter_memory": 1}),
    Entry("times not measured", notebook(IMPORTS, NO_TIMES), {"rank_comparison": 2}),
    Entry("one seed trusted", notebook(IMPORTS, ONE_SEED_D), {"choice": 2}),
    Entry("import forgotten in d", notebook(A, NO_IMPORT_D), ONLY_A),
    Entry("configs that PEFT chooses", notebook(IMPORTS, E.replace(ALL_LINEAR, "")), {"sweep": 2}),
    Entry("error before", notebook("1 / 0", A), ONLY_A),
    Entry("error after", notebook(A, "undefined_name"), ONLY_A),
    Entry("error in the answer's own cell", notebook(A + "\nassert 1 == 2"), ONLY_A),
    Entry("syntax error", notebook("def broken(:", A), ONLY_A),
    Entry("defined twice, the last counts", notebook(A, SQUARE), {"lora_params": 1}),
    Entry(
        "another default precision",
        notebook("import torch\ntorch.set_default_dtype(torch.float64)", IMPORTS, C),
        {"rank_comparison": 3},
    ),
    Entry(
        "plots between the runs",
        notebook(
            IMPORTS,
            C.replace(
                "            runs.append",
                "            import time; time.sleep(2)\n            runs.append",
            ),
        ),
        {"rank_comparison": 3},
    ),
    Entry("slow but finishes", notebook("import time; time.sleep(4)", SLOW_A), ONLY_A),
    Entry(
        "noisy",
        notebook(
            "import sys, warnings\nwarnings.warn('old')\nprint('!' * 10**6, file=sys.stderr)",
            A.replace("    return", "    print('working', flush=True)\n    return"),
        ),
        ONLY_A,
    ),
    Entry("asks for input", notebook("name = input('Your name? ')\n" + A), ONLY_A),
    Entry(
        "magics and shell", notebook("%%time\n" + A, "!echo hello", "%matplotlib inline"), ONLY_A
    ),
    Entry(
        "numpy numbers",
        notebook("import numpy\n" + A.replace("num_layers *", "numpy.int64(num_layers) *", 1)),
        ONLY_A,
    ),
    Entry("exits at the end", notebook(A, "exit()"), ONLY_A),
    Entry("sys.exit in between", notebook("import sys; sys.exit(1)", A), ONLY_A),
    Entry("name shadowed", notebook("list = [1]; sum = 3; str = 'x'; print = None", A), ONLY_A),
    Entry(
        "another kernel's name",
        notebook(A, kernelspec={"name": "julia-1.9", "display_name": "Julia", "language": "julia"}),
        ONLY_A,
    ),
    Entry("format 3", old_format(A), ONLY_A),
    Entry("bytes before the text", b"\xef\xbb\xbf" + notebook(A), ONLY_A),
    Entry(
        "help still in it",
        notebook(
            "from lora_course.chapters.ch04_rank_selection import questions as ch04",
            A,
            "ch04.lora_params.hint()\nch04.lora_params.solution()\nch04.lora_params.check(estimate_lora_params)",
        ),
        ONLY_A,
    ),
    Entry(
        "answer that never ends",
        notebook(A, "def adapter_memory(*arguments):\n    while True:\n        pass"),
        ONLY_A,
        "time limit",
    ),
    Entry(
        "answer that ends the kernel",
        notebook(
            A,
            "import os\ndef adapter_memory(*arguments):\n    os._exit(1)",
            B.replace("adapter_memory", "other"),
        ),
        ONLY_A,
        "kernel died",
    ),
]
