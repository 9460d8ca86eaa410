"""Which cells of a notebook have to be run: the learner's own, and what those use of the course's.

Most of a chapter is demonstrations that a learner leaves as they are: minutes of training and
figures that no answer needs. A cell counts as the course's when its code is one that was handed out
and no exercise. It is run when it may make or change something that is needed:

- It *may change* every name that it binds or stores into, and every object whose name it mentions:
  to append to a list, to train a model and to print one look alike. What only imports bind is no
  such object: to call a function of a module does not change the module.
- *Needed* where a cell is run are the names that it mentions, from the cells above it; and after
  the last cell, when the answers are called, the names that functions mention, from any cell. With
  a name, what stands in one cell with it may be needed then: `b = a` makes two names for one list.

State that has no name in the notebook, such as torch's default type, does not count.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from lora_course.grading.cell_code import CellCode

MOST_CODE = 200_000  # characters; reading the names off much more takes long


class NeededCells:
    """The cells of one notebook; `own`: the places of those that are the learner's."""

    def __init__(self, cells: Sequence[str], own: Collection[int]) -> None:
        self.everything = set(range(len(cells)))
        self.own = set(own)
        # Whether what is needed can be read off the code at all.
        self.readable = sum(map(len, cells)) <= MOST_CODE
        self.codes = [CellCode.read(code) for code in cells] if self.readable else []
        objects = set().union(*(cell.bound - cell.imported for cell in self.codes))
        self._changed = [cell.bound | (cell.used & objects) for cell in self.codes]

    @property
    def certain(self) -> bool:
        """Whether no cell of the learner's may use names that cannot be read off it."""
        return self.readable and not any(self.codes[place].opaque for place in self.own)

    def places(self, asked: Collection[str] = ()) -> set[int]:
        """The places of the cells to run, so that the answers, and the names `asked`, are there."""
        if not self.readable:
            return self.everything
        chosen = set(self.own)
        while True:
            at_the_end = self._at_the_end(chosen) | set(asked)
            more: set[int] = set()
            below: set[str] = set()  # what is needed by the cells that are run below this one
            for place in sorted(self.everything, reverse=True):
                cell, changed = self.codes[place], self._changed[place]
                needless = changed.isdisjoint(below) and changed.isdisjoint(at_the_end)
                if place not in chosen:
                    if needless and "*" not in cell.bound:
                        continue
                    more.add(place)
                below |= cell.used
            if not more:
                return chosen
            chosen |= more

    def _at_the_end(self, chosen: Collection[int]) -> set[str]:
        """The names that functions of the chosen cells mention, and what may be one with them."""
        names = set().union(*(self.codes[place].used_in_functions for place in chosen))
        while True:
            pairs = zip(self.codes, self._changed, strict=True)
            more = (cell.used for cell, changed in pairs if not changed.isdisjoint(names))
            grown = names.union(*more)
            if grown == names:
                return names
            names = grown

    def binding(self, name: str) -> list[int]:
        """The places of all cells that bind the name; none where that cannot be told."""
        return [place for place, cell in enumerate(self.codes) if name in cell.bound]
