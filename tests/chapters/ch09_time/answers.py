"""Chapter 9: what learners answer, and what they must be told."""

from tests.chapters.fixture import BLANK, RIGHT, WRONG, Fixture

TABLES = {
    "first": [
        Fixture("blank", "def answer(width, rank): return ...", BLANK),
        Fixture("right", "def answer(width, rank): return 2 * width * rank", RIGHT),
        Fixture("right, added", "def answer(d, rank): return d * rank + rank * d", RIGHT),
        Fixture(
            "one matrix",
            "def answer(width, rank): return width * rank",
            WRONG,
            "one matrix only",
            "count both",
        ),
    ],
}
