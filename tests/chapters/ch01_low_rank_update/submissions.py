"""Chapter 1: what is handed in to deceive, honest work beside it, and what each file has to get."""

from lora_course.chapters.rooms import room_of
from tests.chapters.ch01_low_rank_update.answers import ADD, layer
from tests.grading.notebooks import Entry, notebook, own_answers

ROOM = room_of(1)
IMPORTS = "import torch\nfrom torch import nn\n"
RIGHT = {"saving": 2, "layer": 3, "energy": 2}


def the_layer(**changes):
    return layer(**changes).replace("class answer", "class LoRALayer")


SAVING = "def largest_saving_rank(d_out, d_in):\n    return (d_out * d_in - 1) // (d_out + d_in)"
ENERGY = """
def rank_for_energy(singular_values, share=0.9):
    energies = (singular_values**2).cumsum(0)
    return int((energies < share * energies[-1]).sum()) + 1
"""
BASE_TRAINS = the_layer(add=ADD.replace("base.requires_grad_(False)", ""))
LYING_NAMES = (
    "nn.Module.named_parameters = lambda self, *a, **k: ((n, getattr(self, n)) for n in"
    " ('lora_A', 'lora_B') if hasattr(self, n))\n"
    "nn.Module.parameters = lambda self, *a, **k: (p for _, p in self.named_parameters())"
)
LYING_CLASS = (
    BASE_TRAINS
    + """
    def named_parameters(self, *a, **k):
        return iter([("lora_A", self.lora_A), ("lora_B", self.lora_B)])
    def parameters(self, *a, **k):
        return iter([self.lora_A, self.lora_B])
"""
)
REPORT = """
import lora_course.chapters.ch01_low_rank_update.layer_probe as probe
def use_layer(answer, what, weight, bias, rank, alpha, a, b, x):
    return {report}
probe.use_layer = use_layer
LoRALayer = print
"""
LONG_TEXTS = (
    "{'lora_A': a, 'lora_B': 0 * b, 'step': {'x' * 600 + str(n): [a, b] for n in range(450)}}"
)

ENTRIES = [
    Entry("right", notebook(IMPORTS, SAVING, the_layer(), ENERGY), RIGHT),
    Entry(
        "the base trains, and torch does not say so",
        notebook(IMPORTS + LYING_NAMES, BASE_TRAINS),
        {"layer": 2},
        flag="changes a module: nn.Module.named_parameters",
    ),
    Entry("the base trains, and the class does not say so", notebook(LYING_CLASS), {"layer": 2}),
    Entry(
        "the course's layer",
        notebook("from lora_course import LoRALinear as LoRALayer"),
        flag="LoRALayer is the course's own lora_course.core.layers.LoRALinear",
        points={"layer": 2},
    ),
    Entry(
        "long texts for what trains",
        notebook(SAVING, REPORT.format(report=LONG_TEXTS)),
        {"saving": 2},
        flag="changes a module: probe.use_layer",
    ),
    Entry(
        "very many dimensions",
        notebook(
            SAVING,
            "def rank_for_energy(*a):\n    import torch\n    return torch.ones([1] * 60_001)",
        ),
        {"saving": 2},
    ),
    own_answers(ROOM.package, check_saving="largest_saving_rank", check_energy="rank_for_energy"),
]
