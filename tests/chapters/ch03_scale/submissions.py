"""Chapter 3: what is handed in to deceive, honest work beside it, and what each file has to get."""

from lora_course.authoring.build import student_path
from lora_course.chapters.rooms import room_of
from tests.conftest import NOTEBOOKS, ROOMS
from tests.grading.notebooks import Entry, notebook, own_answers

ROOM = room_of(3)
EDGES = """
def best_rates(accuracies):
    rates = {rank: max(row, key=row.get) for rank, row in accuracies.items()}
    ends = {rank: (min(row), max(row)) for rank, row in accuracies.items()}
    return {"rates": rates, "at_edge": {rank for rank in rates if rates[rank] in ends[rank]}}
"""
OTHER = next(room for room in ROOMS if room != ROOM)

ENTRIES = [
    Entry("ranks in a set", notebook(EDGES), {"rates": 2}),
    Entry(
        "another chapter's notebook",
        student_path(OTHER, NOTEBOOKS).read_bytes(),
        {},
        "another chapter",
        f"is chapter {OTHER.number}'s notebook",
    ),
    own_answers(
        ROOM.package, check_path="same_path", check_alpha="alpha_for", check_rates="best_rates"
    ),
]
