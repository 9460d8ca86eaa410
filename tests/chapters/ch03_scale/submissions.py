"""Chapter 3: what is handed in to deceive, honest work beside it, and what each file has to get."""

from lora_course.authoring.build import student_path
from lora_course.chapters.rooms import room_of
from tests.conftest import NOTEBOOKS
from tests.grading.notebooks import Entry, notebook

ROOM = room_of(3)
EDGES = """
def best_rates(accuracies):
    rates = {rank: max(row, key=row.get) for rank, row in accuracies.items()}
    ends = {rank: (min(row), max(row)) for rank, row in accuracies.items()}
    return {"rates": rates, "at_edge": {rank for rank in rates if rates[rank] in ends[rank]}}
"""
KEYS = [("check_path", "same_path"), ("check_alpha", "alpha_for"), ("check_rates", "best_rates")]
OTHER = student_path(room_of(2), NOTEBOOKS).read_bytes()

ENTRIES = [
    Entry("ranks in a set", notebook(EDGES), {"rates": 2}),
    Entry("another chapter's notebook", OTHER, {}, "another chapter", "is chapter 2's notebook"),
    Entry(
        "the checks' own right answers",
        notebook(*(f"from {ROOM.package}.{check} import right as {name}" for check, name in KEYS)),
        flag=f"imports {ROOM.package}.check_path.right, which the chapter does not",
        sandboxed=True,
    ),
]
