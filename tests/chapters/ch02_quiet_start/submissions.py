"""Chapter 2: what is handed in to deceive, honest work beside it, and what each file has to get."""

from lora_course.chapters.rooms import room_of
from tests.grading.notebooks import Entry, notebook, own_answers

ROOM = room_of(2)
FREEZE = """
def freeze_all_but_adapters(model):
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name.endswith(("lora_A", "lora_B"))
"""
LYING = """
from torch import nn
real = nn.Module.named_parameters
nn.Module.named_parameters = lambda self, *a, **k: (
    pair for pair in real(self, *a, **k) if pair[0].endswith(("lora_A", "lora_B")))
def freeze_all_but_adapters(model):
    pass
"""
NOTHING = "def freeze_all_but_adapters(model):\n    pass"
TORCH = "import torch\nfrom torch import nn\n"
SILENCED = {
    "tensors say that they ask for no gradient": (
        "nn.Parameter.requires_grad = property(lambda self: False)"
    ),
    "tensors say that they have no gradient": "nn.Parameter.grad = None",
    "no optimizer makes a step": "torch.optim.SGD.step = lambda self: None",
    "nothing goes backward": "torch.Tensor.backward = lambda self: None",
}

ENTRIES = [
    Entry("right", notebook(FREEZE), {"freezing": 2}),
    Entry(
        "nothing frozen, and torch does not say so",
        notebook(LYING),
        flag="changes a module: nn.Module.named_parameters",
    ),
    *(
        Entry(name, notebook(TORCH + code, NOTHING), flag=f"cell 1 changes a module: {code[:20]}")
        for name, code in SILENCED.items()
    ),
    own_answers(ROOM.package, check_gradients="adapter_gradients", check_starts="describe_start"),
]
