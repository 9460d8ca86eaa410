"""An answer in another process: calls go out, and come back, as plain data."""

from __future__ import annotations

import time
from typing import Any

from lora_course.checks.answer import AnswerError, Probe
from lora_course.checks.plain import BlankError, NotPlainError, to_plain
from lora_course.grading.replay import GivenUpError, Replay
from lora_course.grading.session import KernelEndedError, TimeLimitError
from lora_course.grading.wire import WireError, clean, pack, unpack

INSIDE = "__import__('lora_course.grading.wire', fromlist=['reply'])"
ASK = INSIDE + ".reply({name}, '{request}', '{probe}')"


class KernelAnswer:
    """What is called `name` in a notebook's kernel, used there by `probe` if given."""

    def __init__(self, replay: Replay, name: str, probe: Probe | None = None) -> None:
        self._replay, self._name = replay, name
        self._probe = f"{probe.__module__}:{probe.__name__}" if probe else ""
        self._seconds = 0.0
        self.course = ""  # whose code of the course's the answer is, as far as the kernel says
        self._trouble = ""  # of a call that never came back: another would cost as much time

    def seconds(self) -> float:
        """Wall time of the last call, by the grader's clock."""
        return self._seconds

    def call(self, *arguments: Any) -> Any:
        """Call the answer; AnswerError or BlankError when nothing of use comes back."""
        if self._trouble:
            raise AnswerError(self._trouble)
        request = pack(list(arguments))
        start, reply = time.perf_counter(), None
        try:
            self._replay.run()
            start = time.perf_counter()
            ask = ASK.format(name=self._name, request=request, probe=self._probe)
            reply = self._replay.ask(ask)
        except TimeLimitError:
            self._trouble = f"did not return within {self._replay.cell_seconds:.0f} s"
        except KernelEndedError as error:
            self._trouble = f"ended the kernel when it was called ({error})"
        except GivenUpError as error:
            raise AnswerError(f"was not called: {error}") from None
        finally:
            self._seconds = time.perf_counter() - start
        if reply is None:
            raise AnswerError(self._trouble)
        if reply.error:
            raise AnswerError(f"could not be called: {reply.error}: {reply.message}")
        return self._read((reply.values or {}).get("value"))

    def _read(self, value: Any) -> Any:
        """What the kernel sent, if it is what `inside.reply` sends; a kernel can send anything."""
        value = value if type(value) is dict else {}
        if value.get("status") == "error":
            self._failed(str(value.get("ename"))[:100], clean(str(value.get("evalue"))[:300]))
        data = value.get("data")
        text = data.get("text/plain") if type(data) is dict else None
        if type(text) is not str:
            raise AnswerError("gave no answer that can be read")
        try:
            answer = unpack(text.strip("'"))
        except WireError as error:
            raise AnswerError(f"gave no answer that can be read: {error}") from error
        if type(answer) is not dict:
            raise AnswerError("gave no answer that can be read")
        if answer.get("blank") is True:
            raise BlankError
        if type(answer.get("error")) is str:
            raise AnswerError(answer["error"][:1000])
        course = answer.get("course")
        self.course = course[:100] if type(course) is str else ""
        if "value" not in answer:
            raise AnswerError("gave no answer that can be read")
        try:
            return to_plain(answer["value"])  # the same limits as in a notebook, checked here
        except NotPlainError as error:
            raise AnswerError(f"returned {error}") from error

    def _failed(self, error: str, message: str) -> None:
        if error != "NameError" or f"'{self._name}'" not in message:
            raise AnswerError(f"could not be called: {error}: {message}")
        if not any(self._name in code for code in self._replay.cells):
            raise BlankError
        note = self._replay.left_out(self._name)
        why = f"; cell {note.cell} {note.text}" if note else ""
        raise AnswerError(f"is not defined when the notebook has run{why}")
