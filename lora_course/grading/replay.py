"""A notebook's code in a kernel, and in a fresh one without the cell that ended the last."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

from lora_course.grading.records import CellNote, Status
from lora_course.grading.session import KernelEndedError, Reply, Session, TimeLimitError

MOST_ENDS = 5  # cells that may end the kernel; from the last of them on, nothing more is run
MOST_REPLAYS = 12
MOST_NOTES = 50
NOTE = 400  # characters
COURSES = "one of the chapter's own"
AGAIN_SECONDS = 10.0  # for a cell that has had to be interrupted before


class GivenUpError(Exception):
    """No more time, or the kernel ended too often. The message completes "was not called: …"."""


class Replay:
    """Runs `cells`, those at `places`, in a session that it starts when needed; `close` it.

    `own`: the places of the learner's cells; the others are the course's, and no learner is blamed
    for them. `imports`: the lines of imports that the chapter hands out.
    """

    def __init__(
        self,
        cells: Sequence[str],
        start: Callable[[], Session],
        *,
        cell_seconds: float,
        seconds: float,
        places: Collection[int],
        own: Collection[int],
        imports: Sequence[str] = (),
    ) -> None:
        self.cells = list(cells)
        self.places = set(places)
        self.cell_seconds = cell_seconds
        self.notes: dict[int, CellNote] = {}
        self.troubles: list[tuple[Status, str]] = []
        self._own, self._imports = set(own), imports
        self._course_seconds = 0.0
        self._seconds = seconds
        self._start = start
        self._end = time.monotonic() + seconds
        self._session: Session | None = None
        self._replays = 0

    def run(self) -> None:
        """Run the cells, unless they have been run; GivenUpError when that cannot be."""
        while self._session is None:
            if self._replays == MOST_REPLAYS:
                raise GivenUpError("the kernel has ended too often")
            self._replays += 1
            self._left()
            self._session = self._start()
            if all(self._run_cell(place) for place in sorted(self.places)):
                return

    def run_more(self, places: Collection[int]) -> None:
        """Start again, with these cells as well."""
        self.places |= set(places)
        self.close()

    def ask(self, expression: str) -> Reply:
        """Evaluate an expression after the cells, in a fresh kernel once if this one ends."""
        for last in (False, True):
            self.run()
            assert self._session is not None
            try:
                return self._session.ask(expression, min(self.cell_seconds, self._left()))
            except TimeLimitError as error:
                self._trouble(Status.TIME, "an answer did not return in time")
                if not error.alive:
                    self.close()
                raise
            except KernelEndedError as error:
                self._trouble(error.status, "calling an answer ended the kernel")
                self.close()
                if last:
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """End the kernel."""
        if self._session is not None:
            self._session.stop()
            self._session = None

    def left_out(self, word: str) -> CellNote | None:
        """What happened to the last cell with `word` in it, where it did not simply finish."""
        places = [place for place, code in enumerate(self.cells) if word in code]
        return self.notes.get(places[-1]) if places else None

    def _run_cell(self, place: int) -> bool:
        """Run one cell; whether the kernel is still there."""
        note = self.notes.get(place)
        if note is not None and note.left_out:
            return True
        assert self._session is not None
        slow = note is not None and "interrupted" in note.text
        limit = min(self._left(), AGAIN_SECONDS if slow else self.cell_seconds)
        start = time.monotonic()
        try:
            reply = self._session.run(self.cells[place], limit)
        except TimeLimitError as error:
            words = f"took longer than {limit:.0f} s and "
            if error.alive:
                full = self._session.out_of_memory
                status = Status.MEMORY if full else Status.TIME
                self._blame(place, status, f"{words}was interrupted")
                return True
            self._blame(place, Status.TIME, f"{words}could not be interrupted", True)
        except KernelEndedError as error:
            self._blame(place, error.status, f"ended the kernel ({error.status.value})", True)
        else:
            self._look_at(place, reply)
            return True
        finally:
            if place not in self._own:
                self._course_seconds += time.monotonic() - start
        self.close()
        if sum(note.left_out for note in self.notes.values()) == MOST_ENDS:
            for later in {p for p in self.places if p > place}:
                self._note(later, "was not run: too many cells before it ended the kernel", True)
        return False

    def _look_at(self, place: int, reply: Reply) -> None:
        """Note what a cell that came back has raised."""
        assert self._session is not None
        torch_full = "can't allocate memory" in reply.message
        if reply.error == "MemoryError" or torch_full or self._session.out_of_memory:
            self._blame(place, Status.MEMORY, "used more memory than is allowed")
        elif not reply.error:
            self.notes.pop(place, None)
        if reply.error:
            made = self._made_imports(place)
            words = f"raised {reply.error}: {reply.message}".rstrip(": ")[: NOTE - len(made)]
            self._note(place, words + made)

    def _made_imports(self, place: int) -> str:
        """Make the chapter's imports where a learner's cell of them failed, and say so.

        Such a cell has often got a line of another system's at its top.
        """
        lines = [line for line in self._imports if line in self.cells[place]]
        if place not in self._own or not lines:
            return ""
        assert self._session is not None
        with suppress(TimeLimitError, KernelEndedError):  # the next cell will tell
            self._session.run("\n".join(self._imports), min(self.cell_seconds, self._left()))
        return "; the chapter's own imports were made all the same"

    def _note(self, place: int, text: str, left_out: bool = False) -> None:
        if place not in self._own:
            text = f"({COURSES}) {text}"
        self.notes[place] = CellNote(place + 1, text[:NOTE], left_out)

    def told(self) -> tuple[CellNote, ...]:
        """The notes of all cells, from the top; of very many only how many more there are."""
        notes = [note for _, note in sorted(self.notes.items())]
        more = len(notes) - MOST_NOTES
        if more > 0:
            text = f"was the first of {more:,} more that did not finish"
            last = CellNote(notes[MOST_NOTES].cell, text)
            notes[MOST_NOTES:] = [last]
        return tuple(notes)

    def _blame(self, place: int, status: Status, text: str, left_out: bool = False) -> None:
        self._note(place, text, left_out)
        if status is Status.TIME and place not in self._own:
            status = Status.GRADER
        self._trouble(status, f"cell {place + 1} {self.notes[place].text}")

    def _trouble(self, status: Status, words: str) -> None:
        self.troubles.append((status, words))

    def _left(self) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            words, status = "the time for the whole notebook had run out", Status.TIME
            if self._course_seconds > self._seconds / 2:
                words += ", most of it on the chapter's own cells"
                status = Status.GRADER
            self._trouble(status, words)
            raise GivenUpError(words)
        return left
