"""Typo detection: which of these sentences has two neighbouring letters swapped?"""

from __future__ import annotations

import random
import re

from lora_course.tasks.corpus import sentences

LABELS = ("as written", "with a typo")
WORD = re.compile(r"\b[a-z]{4,}\b")


def with_typo(sentence: str, seed: int = 0) -> str | None:
    """`sentence` with two different neighbouring letters of one word swapped.

    None when no word of four or more small letters has such a pair. The place is drawn from the
    seed and the sentence itself, so it is the same on every machine.
    """
    places = [
        place
        for word in WORD.finditer(sentence)
        for place in range(word.start(), word.end() - 1)
        if sentence[place] != sentence[place + 1]
    ]
    if not places:
        return None
    place = random.Random(f"{seed} {sentence}").choice(places)
    return sentence[:place] + sentence[place + 1] + sentence[place] + sentence[place + 2 :]


def examples(split: str, seed: int = 0) -> tuple[list[str], list[int]]:
    """Texts and labels (index into LABELS): each sentence once as written, once with a typo."""
    texts, labels = [], []
    for sentence in sentences(split):
        wrong = with_typo(sentence, seed)
        if wrong is not None:
            texts += [sentence, wrong]
            labels += [0, 1]
    return texts, labels
