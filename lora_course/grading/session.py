"""One kernel: run a cell, ask for a value, with a time limit each; know why it ended.

Outputs are not listened to. A notebook's grade does not rest on what it prints, and a flood of
output costs the grader nothing when nobody has subscribed to it.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from subprocess import DEVNULL
from typing import Any, TypeVar

import zmq

from lora_course.checks.question import NO_CHECKS
from lora_course.grading.records import Status
from lora_course.grading.wire import MAX_BYTES, clean
from lora_course.sandbox.bubblewrap import environment
from lora_course.sandbox.kernel import manager, sockets_in_a_folder, specification
from lora_course.sandbox.limits import Limits

START_SECONDS = 60.0
STOP_SECONDS = 3.0  # for a cell to end after an interrupt
ANSWERS = 100  # to input(), in one cell
# No larger messages than honest replies are taken in, nor many at a time; no send waits for ever.
SOCKETS = {
    zmq.MAXMSGSIZE: 2 * MAX_BYTES,
    zmq.RCVHWM: 4,
    zmq.LINGER: 0,
    zmq.SNDTIMEO: int(STOP_SECONDS * 1000),
}
# exit() at a notebook's end is no harm meant; IPython would end the kernel a moment later.
STAY = "setattr(get_ipython(), 'ask_exit', lambda: None)"
# Of the grader's environment, for a kernel without a sandbox: where its start-up files lie.
KEPT = ("IPYTHONDIR",)
Sent = TypeVar("Sent")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class KernelEndedError(Exception):
    """The kernel has ended, or was ended; `status` says in which way."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.value)
        self.status = status


class TimeLimitError(Exception):
    """The code did not finish in time. `alive`: it could be interrupted, and the kernel goes on."""

    def __init__(self, alive: bool) -> None:
        super().__init__("time limit")
        self.alive = alive


@dataclass(frozen=True)
class Reply:
    """What a kernel says about a finished cell: the error it raised, and expressions' values."""

    error: str = ""
    message: str = ""
    values: dict[str, Any] | None = None


class Session:
    """A running kernel; `stop` ends it and all its child processes."""

    def __init__(self, limits: Limits, *, sandboxed: bool = True) -> None:
        self._context = zmq.Context()
        for option, value in SOCKETS.items():
            self._context.setsockopt(option, value)
        self._spec = specification(limits, sandboxed=sandboxed, variables={NO_CHECKS: "1"})
        self._manager = manager(self._spec, context=self._context)
        self._folder = ""
        outside = {} if sandboxed else self._without_a_sandbox()
        self._manager.start_kernel(stdout=DEVNULL, stderr=DEVNULL, **outside)
        self._client = self._manager.client(context=self._context)
        self._client.start_channels(iopub=False, hb=False)
        self._poller = zmq.Poller()
        for channel in (self._client.shell_channel, self._client.stdin_channel):
            self._poller.register(channel.socket, zmq.POLLIN)
        try:
            self._wait(self._sent(self._client.kernel_info), START_SECONDS)
            self.ask(STAY, START_SECONDS)
        except (TimeLimitError, KernelEndedError):
            self.stop()
            raise

    def _without_a_sandbox(self) -> dict[str, Any]:
        """How to start a kernel there: it gets nothing of the grader's environment, and its
        sockets are files, which need no network."""
        scratch = tempfile.gettempdir()  # where files go that are removed afterwards
        self._folder = sockets_in_a_folder(self._manager)
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        return {"cwd": scratch, "env": {**environment(), "HOME": scratch, **kept}}

    def run(self, code: str, seconds: float) -> Reply:
        """Run a cell; KernelEndedError or TimeLimitError when it does not come back.

        A kernel that answers nothing after the cell, which left something in its loop, counts as
        not come back: the cell is to blame, not the one after it.
        """
        end = time.monotonic() + seconds
        request = self._sent(
            self._client.execute, code, store_history=False, allow_stdin=True, stop_on_error=False
        )
        content = self._finish(request, seconds)
        self._wait_for_answer(max(STOP_SECONDS, end - time.monotonic()))
        return _reply(content)

    def ask(self, expression: str, seconds: float) -> Reply:
        """Evaluate one expression where the learner's names are; its text in `values`."""
        request = self._sent(
            self._client.execute, "", silent=True, user_expressions={"value": expression}
        )
        return _reply(self._finish(request, seconds))

    @property
    def out_of_memory(self) -> bool:
        """Whether a process of the sandbox was ended for want of memory."""
        return bool(getattr(self._manager.provisioner, "out_of_memory", False))

    def stop(self) -> None:
        """End the kernel, whatever state it is in."""
        # Jupyter interrupts a kernel before it ends it. By a message, that could wait for one that
        # reads none, or fail on a connection that the kernel has broken.
        self._spec.interrupt_mode = "signal"
        try:
            self._client.stop_channels()
            self._manager.shutdown_kernel(now=True)
        finally:
            self._context.destroy(linger=0)
            if self._folder:
                shutil.rmtree(self._folder, ignore_errors=True)

    @staticmethod
    def _sent(send: Callable[..., Sent], *arguments: Any, **named: Any) -> Sent:
        """What `send` returns; TimeLimitError where the kernel takes nothing more."""
        try:
            return send(*arguments, **named)
        except zmq.Again:
            raise TimeLimitError(alive=False) from None

    def _finish(self, request: str, seconds: float) -> dict[str, Any]:
        try:
            return self._wait(request, seconds)
        except TimeLimitError:
            pass
        self._sent(self._manager.interrupt_kernel)
        self._wait_for_answer(STOP_SECONDS)
        raise TimeLimitError(alive=True)

    def _wait_for_answer(self, seconds: float) -> None:
        """Wait until the kernel can be talked to; TimeLimitError, not alive, if that takes long."""
        try:
            self._wait(self._sent(self._client.kernel_info), seconds)
        except TimeLimitError:
            raise TimeLimitError(alive=False) from None

    def _wait(self, request: str, seconds: float) -> dict[str, Any]:
        """The content of the reply to `request`; anything else that arrives is passed over."""
        end, answers = time.monotonic() + seconds, 0
        while (left := end - time.monotonic()) > 0:
            ready = dict(self._poller.poll(int(min(left, 0.1) * 1000) + 1))
            if self._client.stdin_channel.socket in ready:
                self._receive(self._client.stdin_channel)
                answers += 1
                if answers <= ANSWERS:
                    with suppress(zmq.Again):
                        self._client.input("")  # nobody sits there: an empty line
            if self._client.shell_channel.socket in ready:
                message = self._receive(self._client.shell_channel)
                if message.get("parent_header", {}).get("msg_id") == request:
                    content = message.get("content")
                    return content if isinstance(content, dict) else {}
            if not ready and not self._manager.is_alive():
                raise KernelEndedError(self._why())
        raise TimeLimitError(alive=True)

    @staticmethod
    def _receive(channel: Any) -> dict[str, Any]:
        """One message; {} for one that is forged or broken, of which a kernel can send any."""
        try:
            message = channel.get_msg(timeout=0)
        except Exception:
            return {}
        whole = isinstance(message, dict) and isinstance(message.get("parent_header"), dict)
        return message if whole else {}

    def _why(self) -> Status:
        if self.out_of_memory:
            return Status.MEMORY
        process = getattr(self._manager.provisioner, "process", None)
        if process is not None and process.poll() in (128 + signal.SIGXCPU, -signal.SIGXCPU):
            return Status.TIME
        return Status.DIED


def _reply(content: dict[str, Any]) -> Reply:
    """The reply, of which nothing is trusted to have the type that it should."""
    values = content.get("user_expressions")
    if content.get("status") == "ok":
        return Reply(values=values if isinstance(values, dict) else {})
    return Reply(_short(content.get("ename") or "Error"), _short(content.get("evalue", "")))


def _short(text: object) -> str:
    return clean(COLOURS.sub("", text if isinstance(text, str) else "")[:500])
