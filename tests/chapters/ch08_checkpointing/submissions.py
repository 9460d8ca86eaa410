"""Chapter 8: what is handed in to deceive, honest work beside it, and what each file has to get."""

from lora_course.chapters.rooms import room_of
from tests.grading.notebooks import Entry, notebook, own_answers

ROOM = room_of(8)
TORCH = "import torch\nfrom torch.utils.checkpoint import checkpoint\n"
RUN = """
def run_in_segments(blocks, x, segment):
    for first in range(0, len(blocks), segment):
        part = torch.nn.Sequential(*blocks[first : first + segment])
        x = checkpoint(part, x, use_reentrant=False)
    return x
"""
SHOWN = """
def plan(layers, boundary, inside, segment):
    from lora_course.chapters.ch08_checkpointing.check_plan import right
    return right(layers, boundary, inside, segment)
"""
BACKWARD = "torch.Tensor.backward = lambda self: None"

ENTRIES = [
    Entry("right", notebook(TORCH + RUN), {"segments": 2}),
    Entry(
        "nothing goes backward",
        notebook(TORCH + BACKWARD, RUN),
        flag=f"cell 1 changes a module: {BACKWARD[:20]}",
    ),
    Entry("asks the check within its answer", notebook(SHOWN), {}),
    own_answers(
        ROOM.package,
        check_factor="flops_factor",
        check_plan="plan",
        check_segments="run_in_segments",
    ),
]
