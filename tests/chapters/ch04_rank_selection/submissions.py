"""Chapter 4: what is handed in, honest and hostile, and what each file has to get."""

from tests.chapters.ch04_rank_selection import submissions_honest, submissions_hostile

ENTRIES = [*submissions_honest.ENTRIES, *submissions_hostile.ENTRIES]
NAMED = submissions_hostile.NAMED
