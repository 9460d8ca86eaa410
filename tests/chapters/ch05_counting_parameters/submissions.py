"""Chapter 5: what is handed in to deceive, honest work beside it, and what each file has to get."""

from lora_course.authoring.build import student_path
from lora_course.chapters.rooms import room_of
from tests.conftest import NOTEBOOKS, ROOMS
from tests.grading.notebooks import Entry, notebook, own_answers

ROOM = room_of(5)
REACH = """
def reach(modules, targets):
    def ends(name):
        parts = name.split(".")
        return {".".join(parts[place:]) for place in range(len(parts))}
    adapted = {name for name in modules if ends(name) & set(targets)}
    return {"adapted": adapted, "idle": set(targets) - set().union(*map(ends, modules))}
"""
SIZE = """
import numpy
def data_bytes(adapter, vocabulary, hidden, saved, tokens, base_bytes):
    numbers = numpy.array([adapter, len(saved) * vocabulary * hidden, tokens * hidden])
    return numbers @ numpy.array([4, base_bytes, 4])
"""
OTHER = next(room for room in ROOMS if room != ROOM)

ENTRIES = [
    Entry("names in sets, bytes by numpy", notebook(REACH, SIZE), {"reach": 2, "size": 2}),
    Entry(
        "another chapter's notebook",
        student_path(OTHER, NOTEBOOKS).read_bytes(),
        {},
        "another chapter",
        f"is chapter {OTHER.number}'s notebook",
    ),
    own_answers(
        ROOM.package, check_count="count_adapter", check_bytes="data_bytes", check_reach="reach"
    ),
]
