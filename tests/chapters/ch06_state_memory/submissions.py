"""Chapter 6: what is handed in to deceive, honest work beside it, and what each file has to get."""

from lora_course.chapters.rooms import room_of
from tests.grading.notebooks import Entry, notebook, own_answers

ROOM = room_of(6)
PEAK = """
def find_peak(events):
    import numpy
    live = numpy.cumsum([change for _, change in events])
    return {"bytes": live.max(), "moment": live.argmax()}
"""
ONLY_STATE = """
def state_bytes(shapes, tied, optimizer):
    own = [shape for name, shape in shapes.items() if name not in tied]
    return sum(8 * __import__("math").prod(shape) + 4 for shape in own)
"""
LOUD = """
class Bytes(int):
    def __eq__(self, other):
        return True
    __hash__ = int.__hash__

def step_peak(weights, gradients, state, kept, set_to_none):
    return Bytes(0)
"""

ENTRIES = [
    Entry("numpy's numbers", notebook(PEAK), {"peak": 2}),
    Entry("AdamW alone", notebook(ONLY_STATE), {"state": 1}),
    Entry("a number that equals every other", notebook(LOUD), {}),
    own_answers(
        ROOM.package, check_state="state_bytes", check_peak="find_peak", check_step="step_peak"
    ),
]
