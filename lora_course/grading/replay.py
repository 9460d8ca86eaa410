"""A notebook's code in a kernel, and in a fresh one without the cell that ended the last."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from lora_course.grading.records import CellNote, Status
from lora_course.grading.session import KernelEndedError, Reply, Session, TimeLimitError

MOST_ENDS = 5  # cells that may end the kernel; from the last of them on, nothing more is run
MOST_REPLAYS = 12
AGAIN_SECONDS = 10.0  # for a cell that has had to be interrupted before


class GivenUpError(Exception):
    """No more time, or the kernel ended too often. The message completes "was not called: …"."""


class Replay:
    """Runs `cells`, those at `places`, in a session that it starts when needed; `close` it."""

    def __init__(
        self,
        cells: Sequence[str],
        start: Callable[[], Session],
        *,
        cell_seconds: float,
        seconds: float,
        places: Collection[int] | None = None,
    ) -> None:
        self.cells = list(cells)
        self.places = set(range(len(self.cells)) if places is None else places)
        self.cell_seconds = cell_seconds
        self.notes: dict[int, CellNote] = {}
        self.troubles: list[tuple[Status, str]] = []
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

    def run_everything(self) -> bool:
        """Start again with the cells that were thought not to matter; whether there were any."""
        everything = set(range(len(self.cells)))
        if self.places == everything:
            return False
        self.places = everything
        self.close()
        return True

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
            torch_full = "can't allocate memory" in reply.message
            if reply.error == "MemoryError" or torch_full or self._session.out_of_memory:
                self._blame(place, Status.MEMORY, "used more memory than is allowed")
            if reply.error:
                self._note(place, f"raised {reply.error}: {reply.message}".rstrip(": "))
            return True
        self.close()
        if sum(note.left_out for note in self.notes.values()) == MOST_ENDS:
            for later in {p for p in self.places if p > place}:
                self._note(later, "was not run: too many cells before it ended the kernel", True)
        return False

    def _note(self, place: int, text: str, left_out: bool = False) -> None:
        self.notes[place] = CellNote(place + 1, text, left_out)

    def _blame(self, place: int, status: Status, text: str, left_out: bool = False) -> None:
        self._note(place, text, left_out)
        self._trouble(status, f"cell {place + 1} {text}")

    def _trouble(self, status: Status, words: str) -> None:
        self.troubles.append((status, words))

    def _left(self) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            words = "the time for the whole notebook had run out"
            self._trouble(Status.TIME, words)
            raise GivenUpError(words)
        return left
