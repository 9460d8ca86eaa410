"""What learners answer in chapter 2, as they would type it, and what they must be told."""

from tests.chapters.fixture import BLANK, ERROR, RIGHT, WRONG, Fixture


def gradients(a: str, b: str, *lines: str) -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return f"def answer(x, grad_y, A, B, scaling):\n{body}    return {{'A': {a}, 'B': {b}}}\n"


RIGHT_A, RIGHT_B = "scaling * (grad_y @ B).T @ x", "scaling * grad_y.T @ (x @ A.T)"
GRADIENTS = [
    Fixture(
        "blank",
        "def answer(x, grad_y, A, B, scaling):\n    return ...\n",
        BLANK,
        words="still returns the dots",
    ),
    Fixture("right", gradients(RIGHT_A, RIGHT_B), RIGHT),
    Fixture(
        "right, other brackets",
        gradients("B.T @ (grad_y.T @ x) * scaling", "(grad_y.T @ x) @ A.T * scaling"),
        RIGHT,
    ),
    Fixture(
        "right, by autograd",
        gradients(
            "A.grad",
            "B.grad",
            "A, B = A.clone().requires_grad_(), B.clone().requires_grad_()",
            "(scaling * (x @ A.T @ B.T) * grad_y).sum().backward()",
        ),
        RIGHT,
    ),
    Fixture(
        "right, with einsum",
        "import torch\n"
        + gradients(
            "scaling * torch.einsum('no,or,ni->ri', grad_y, B, x)",
            "scaling * torch.einsum('no,ni,ri->or', grad_y, x, A)",
        ),
        RIGHT,
    ),
    Fixture(
        "right, in fp64",
        gradients(
            RIGHT_A,
            RIGHT_B,
            "x, grad_y, A, B = x.double(), grad_y.double(), A.double(), B.double()",
        ),
        RIGHT,
    ),
    Fixture(
        "whole numbers",
        gradients(f"({RIGHT_A}).long()", f"({RIGHT_B}).long()"),
        WRONG,
        "another dtype",
        "int64; float",
    ),
    Fixture(
        "nothing moves at 0",
        gradients(RIGHT_A, f"{RIGHT_B} if B.any() else 0 * B"),
        WRONG,
    ),
    Fixture(
        "no scaling",
        gradients("(grad_y @ B).T @ x", "grad_y.T @ (x @ A.T)"),
        WRONG,
        "scaling forgotten",
        "carry the factor",
    ),
    Fixture(
        "scaled twice",
        gradients(f"scaling * {RIGHT_A}", f"scaling * {RIGHT_B}"),
        WRONG,
        "scaling twice",
        "once",
    ),
    Fixture(
        "a mean",
        gradients(f"{RIGHT_A} / len(x)", f"{RIGHT_B} / len(x)"),
        WRONG,
        "a mean over the rows",
        "do not divide",
    ),
    Fixture(
        "downhill",
        gradients(f"-{RIGHT_A}", f"-{RIGHT_B}"),
        WRONG,
        "the step, not the gradient",
        "uphill",
    ),
    Fixture(
        "turned",
        gradients(f"({RIGHT_A}).T", f"({RIGHT_B}).T"),
        WRONG,
        "transposed",
        "A is r×d_in",
    ),
    Fixture(
        "exchanged",
        gradients(RIGHT_B, RIGHT_A),
        WRONG,
        "A and B exchanged",
        "each other's name",
    ),
    Fixture(
        "signs alone",
        gradients("scaling * (grad_y.sign() @ B).T @ x", "scaling * grad_y.sign().T @ (x @ A.T)"),
        WRONG,
        "the output's gradient left out",
        "as it is",
    ),
    Fixture(
        "B alone is right",
        gradients("scaling * A", RIGHT_B),
        WRONG,
        words="'A' is not right",
    ),
    Fixture(
        "in numpy",
        "import numpy\n" + gradients(f"({RIGHT_A}).numpy()", f"({RIGHT_B}).numpy()"),
        RIGHT,
    ),
    Fixture("None for A", gradients("None", RIGHT_B), WRONG, words="'A': None stands there"),
    Fixture("A in a row", gradients(f"({RIGHT_A}).sum(0)", RIGHT_B), WRONG, words="'A': The shape"),
    Fixture(
        "B alone",
        f"def answer(x, grad_y, A, B, scaling):\n    return {{'B': {RIGHT_B}}}\n",
        WRONG,
        "other keys",
        "Missing: 'A'.",
    ),
    Fixture("shapes that do not fit", gradients("x @ A", "grad_y @ B.T"), ERROR, words="shapes"),
    Fixture(
        "a tuple",
        f"def answer(x, grad_y, A, B, scaling):\n    return {RIGHT_A}, {RIGHT_B}\n",
        WRONG,
        "another type",
        "dict",
    ),
]


def starts(quiet: str, a: str, b: str) -> str:
    return f"def answer(A, B):\n    return {{'quiet': {quiet}, 'A_moves': {a}, 'B_moves': {b}}}\n"


STARTS = [
    Fixture("blank", "def answer(A, B):\n    return ...\n", BLANK, words="still returns the dots"),
    Fixture("right", starts("not (B @ A).any()", "B.any()", "A.any()"), RIGHT),
    Fixture(
        "right, with plain numbers",
        starts(
            "bool((B @ A).abs().max() == 0)", "B.abs().sum().item() > 0", "bool((A != 0).any())"
        ),
        RIGHT,
    ),
    Fixture(
        "right, by trying",
        "import torch\n"
        "def answer(A, B):\n"
        "    A, B = A.clone().requires_grad_(), B.clone().requires_grad_()\n"
        "    x, target = torch.randn(20, A.shape[1]), torch.randn(20, B.shape[0])\n"
        "    y = x @ A.T @ B.T\n"
        "    ((y - target)**2).sum().backward()\n"
        "    return {'quiet': bool((y == 0).all()), 'A_moves': bool(A.grad.any()),"
        " 'B_moves': bool(B.grad.any())}\n",
        RIGHT,
    ),
    Fixture(
        "1 and 0",
        starts("int(not (B @ A).any())", "int(B.any())", "int(A.any())"),
        WRONG,
        "not True or False",
        "bool(…)",
    ),
    Fixture(
        "sums",
        starts("not (B @ A).sum()", "bool(B.sum())", "bool(A.sum())"),
        WRONG,
        "a sum asked",
        "cancel",
    ),
    Fixture(
        "small",
        starts("bool((B @ A).abs().max() < 1e-3)", "bool(B.any())", "bool(A.any())"),
        WRONG,
        "small taken for 0",
        "any entry is not 0",
    ),
    Fixture(
        "sums, for what moves",
        starts("not (B @ A).any()", "bool(B.sum() != 0)", "bool(A.sum() != 0)"),
        WRONG,
        "a sum asked",
        "cancel",
    ),
    Fixture(
        "the largest above 0",
        starts("not (B @ A).any()", "bool(B.max() > 0)", "bool(A.max() > 0)"),
        WRONG,
    ),
    Fixture("all of them", starts("not (B @ A).any()", "bool(B.all())", "bool(A.all())"), WRONG),
    Fixture(
        "only B", starts("not B.any()", "B.any()", "A.any()"), WRONG, "only B asked", "product BA"
    ),
    Fixture(
        "only A", starts("not A.any()", "B.any()", "A.any()"), WRONG, "only A asked", "product BA"
    ),
    Fixture(
        "both at 0",
        starts("not A.any() and not B.any()", "B.any()", "A.any()"),
        WRONG,
        "both asked to be 0",
        "One of the two",
    ),
    Fixture(
        "either at 0",
        starts("not A.any() or not B.any()", "B.any()", "A.any()"),
        WRONG,
        "the product not looked at",
        "compute the product",
    ),
    Fixture(
        "loud",
        starts("(B @ A).any()", "B.any()", "A.any()"),
        WRONG,
        "quiet and loud exchanged",
        "Quiet means",
    ),
    Fixture(
        "the wrong one moves",
        starts("not (B @ A).any()", "A.any()", "B.any()"),
        WRONG,
        "A and B exchanged",
        "whatever A is",
    ),
    Fixture(
        "0 stays 0",
        starts("not (B @ A).any()", "A.any() and not B.any()", "B.any() and not A.any()"),
        WRONG,
        "what is 0 stays 0",
        "the other one stands",
    ),
    Fixture(
        "loud moves",
        starts("not (B @ A).any()", "(B @ A).any()", "(B @ A).any()"),
        WRONG,
        "the product asked",
        "does not stop training",
    ),
    Fixture(
        "always moves",
        starts("not (B @ A).any()", "True", "True"),
        WRONG,
        "everything moves",
        "in the first step",
    ),
    Fixture(
        "words",
        starts("'yes'", "'yes'", "'no'"),
        WRONG,
        "another type",
        "'quiet': The answer has type str; bool",
    ),
    Fixture(
        "masks",
        starts("B @ A == 0", "B != 0", "A != 0"),
        WRONG,
        "many in place of one",
        ".any() or .all()",
    ),
    *(
        Fixture(
            f"quiet: {quiet}", starts(f"bool({quiet})", "bool(B.any())", "bool(A.any())"), WRONG
        )
        for quiet in (
            "(B @ A).max() == 0",
            "(B @ A).min() == 0",
            "(B @ A <= 0).all()",
            "(B @ A >= 0).all()",
            "(B @ A)[0, 0] == 0",
            "not (B @ A)[0].any()",
            "not (B @ A)[:, 0].any()",
            "not (B @ A)[-1, -1]",
            "not (B @ A).diagonal().any()",
            "(B @ A).trace() == 0",
        )
    ),
    *(
        Fixture(f"moves: {a}", starts("not (B @ A).any()", f"bool({a})", "A.any()"), WRONG)
        for a in (
            "B.min() < 0",
            "B.max() > 0",
            "B[0].any()",
            "B[:, -1].any()",
            "B.diagonal().any()",
        )
    ),
    Fixture(
        "keys", "def answer(A, B):\n    return {'quiet': True}\n", WRONG, "other keys", "Missing"
    ),
    Fixture("a truth of many", starts("not (B @ A)", "B", "A"), ERROR, words="ambiguous"),
]


def freezing(*lines: str) -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return f"def answer(model):\n{body}"


LOOP = "for name, parameter in model.named_parameters():"
FREEZING = [
    Fixture("blank", freezing("return ..."), BLANK, words="still returns the dots"),
    Fixture(
        "right",
        freezing(LOOP, "    parameter.requires_grad = name.split('.')[-1] in ('lora_A', 'lora_B')"),
        RIGHT,
    ),
    Fixture(
        "right, by the end of the name",
        freezing(LOOP, "    parameter.requires_grad_(name.endswith(('lora_A', 'lora_B')))"),
        RIGHT,
    ),
    Fixture(
        "right, by the course's layer",
        "from lora_course.core.layers import lora_layers\n"
        + freezing(
            "model.requires_grad_(False)",
            "for layer in lora_layers(model).values():",
            "    layer.lora_A.requires_grad_(True)",
            "    layer.lora_B.requires_grad_(True)",
            "return model",
        ),
        RIGHT,
    ),
    Fixture("nothing", freezing("return model"), WRONG, "nothing frozen", "still trains"),
    Fixture(
        "all",
        freezing("model.requires_grad_(False)"),
        WRONG,
        "adapters frozen, too",
        "Nothing is left",
    ),
    Fixture(
        "lora somewhere",
        freezing(LOOP, "    parameter.requires_grad = 'lora' in name"),
        WRONG,
        "a name with lora in it",
        "end of the name",
    ),
    Fixture(
        "right, by lora_ somewhere, as PEFT tells",
        freezing(LOOP, "    parameter.requires_grad = 'lora_' in name"),
        RIGHT,
    ),
    *(
        Fixture(
            f"by {ends}",
            freezing(LOOP, f"    parameter.requires_grad = name.endswith({ends})"),
            WRONG,
            "another name that ends so",
            "whole last name",
        )
        for ends in ("('A', 'B')", "('_A', '_B')")
    ),
    Fixture(
        "turned over",
        freezing(
            LOOP,
            "    adapter = name.endswith(('lora_A', 'lora_B'))",
            "    parameter.requires_grad = adapter or not parameter.requires_grad",
        ),
        WRONG,
        "switched on",
        "do not turn it over",
    ),
    Fixture(
        "a copy",
        "import copy\n"
        + freezing(
            "model = copy.deepcopy(model)",
            LOOP,
            "    parameter.requires_grad = name.endswith(('lora_A', 'lora_B'))",
            "return model",
        ),
        ERROR,
        words="returned another model",
    ),
    Fixture(
        "weights",
        freezing(
            "model.requires_grad_(True)",
            LOOP,
            "    if name.endswith('weight'):",
            "        parameter.requires_grad = False",
        ),
        WRONG,
        "biases left",
        "Biases",
    ),
    Fixture(
        "the bases",
        freezing(
            "model.requires_grad_(True)",
            LOOP,
            "    if '.base.' in name:",
            "        parameter.requires_grad = False",
        ),
        WRONG,
        "only the bases frozen",
        "without adapters",
    ),
    Fixture(
        "all but the bases",
        freezing(
            "model.requires_grad_(True)",
            LOOP,
            "    if 'proj' not in name:",
            "        parameter.requires_grad = False",
        ),
        WRONG,
        "bases of adapters left",
        "stands its base",
    ),
    Fixture(
        "a few",
        freezing("model.requires_grad_(True)", "model['embedding'].requires_grad_(False)"),
        WRONG,
        "some left",
        "named_parameters",
    ),
    Fixture(
        "off but not on",
        freezing(
            LOOP,
            "    if not name.endswith(('lora_A', 'lora_B')):",
            "        parameter.requires_grad = False",
        ),
        WRONG,
        "adapters not switched on",
        "set them to True",
    ),
    Fixture(
        "B alone",
        freezing(LOOP, "    parameter.requires_grad = name.endswith('lora_B')"),
        WRONG,
        "one factor frozen",
        "train both",
    ),
    Fixture(
        "one layer",
        freezing(LOOP, "    parameter.requires_grad = 'q_proj' in name and name[-6:-1] == 'lora_'"),
        WRONG,
        "some adapters frozen",
        "every adapted layer",
    ),
    Fixture(
        "another model",
        freezing("model['head'] = model['embedding']"),
        ERROR,
        words="left another model",
    ),
    Fixture("no such method", freezing("model.freeze()"), ERROR, words="AttributeError"),
    Fixture("a model", "from torch import nn\nanswer = nn.Linear(2, 2)", ERROR),
]

TABLES = {"gradients": GRADIENTS, "starts": STARTS, "freezing": FREEZING}
