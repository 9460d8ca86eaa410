"""The README lists every chapter, written or to come, and is what the rooms say."""

from lora_course.authoring.readme import BLOCK, spans, table
from lora_course.chapters.syllabus import PARTS
from lora_course.files import read_block
from tests.conftest import ROOMS, ROOT


def test_the_table_is_up_to_date():
    shown = read_block((ROOT / "README.md").read_text(encoding="utf-8"), BLOCK)
    assert shown == table(ROOMS), "run `make notebooks`"


def test_the_parts_follow_each_other():
    numbers = [number for part in PARTS for number in part.numbers]
    assert numbers == list(range(1, len(numbers) + 1))


def test_each_chapter_stands_there_once_written_or_not():
    for written in (ROOMS, ROOMS[1:], []):
        rows = table(written).splitlines()[2:]
        assert sum("**ready**" in row for row in rows) == len(written)
        numbers = {room.number for room in written}
        unfinished = [part for part in PARTS if not numbers.issuperset(part.numbers)]
        assert sum("planned" in row for row in rows) == len(unfinished)
        for room in written:
            assert sum(f"notebooks/{room.notebook})" in row for row in rows) == 1


def test_chapters_to_come_are_numbered_as_they_are():
    assert spans([5, 7, 8, 9]) == "5, 7–9"
    assert spans([5]) == "5" and spans([5, 6]) == "5–6"
