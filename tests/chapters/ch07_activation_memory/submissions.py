"""Chapter 7: what is handed in to deceive, honest work beside it, and what each file has to get."""

from lora_course.chapters.rooms import room_of
from tests.grading.notebooks import Entry, notebook, own_answers

ROOM = room_of(7)
BY_TRYING = """
def more_from(lora_stays, lora_each, full_stays, full_each):
    return next((tokens for tokens in range(100_000)
                 if lora_stays + lora_each * tokens > full_stays + full_each * tokens), None)
"""
A_NUMBER_THAT_LIES = """
class Bytes(float):
    def __eq__(self, other):
        return True
    def __sub__(self, other):
        return 0.0
    __hash__ = float.__hash__
def layer_keeps(way, tokens, d_out, d_in, rank, base_bytes, adapter_bytes):
    return Bytes(1)
"""

ENTRIES = [
    Entry("every length tried", notebook(BY_TRYING), {"break_even": 2}),
    Entry("a number that equals all", notebook(BY_TRYING, A_NUMBER_THAT_LIES), {"break_even": 2}),
    own_answers(
        ROOM.package,
        check_layer="layer_keeps",
        check_inputs="inputs_kept",
        check_break_even="more_from",
    ),
]
