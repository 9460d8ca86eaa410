"""Chapter 9: what is handed in to deceive, honest work beside it, and what each file has to get."""

from lora_course.chapters.rooms import room_of
from tests.grading.notebooks import Entry, notebook, own_answers

ROOM = room_of(9)
FLOPS = """
def step_flops(shapes, tokens, rank):
    weights = sum(d_out * d_in for d_out, d_in in shapes)
    trained = rank * sum(map(sum, shapes))
    return {"full": 6 * tokens * weights, "lora": 4 * tokens * weights + 6 * tokens * trained}
"""
RANK = """
def largest_cheaper_rank(d_out, d_in):
    return (d_out * d_in - 1) // (3 * (d_out + d_in))
"""
WITH_NUMPY = """
import numpy as np
def time_ratio(a, b, warm_up):
    return np.median(np.array(a[warm_up:]) / np.array(b[warm_up:]))
"""
OTHER_CLOCK = "import time\ntime.process_time = lambda: 0.0"
ALWAYS_EQUAL = """
class Anything(float):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    __hash__ = float.__hash__
def time_ratio(a, b, warm_up):
    return Anything(1)
"""

ENTRIES = [
    Entry("right", notebook(FLOPS, RANK, WITH_NUMPY), {"flops": 2, "rank": 2, "ratio": 2}),
    Entry(
        "a clock that stands still helps nobody",
        notebook(OTHER_CLOCK, RANK),
        {"rank": 2},
    ),
    Entry("a number that equals everything", notebook(RANK, ALWAYS_EQUAL), {"rank": 2}),
    own_answers(
        ROOM.package,
        check_flops="step_flops",
        check_rank="largest_cheaper_rank",
        check_ratio="time_ratio",
    ),
]
