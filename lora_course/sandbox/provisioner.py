"""The kernel provisioner: Jupyter starts, interrupts and ends a sandboxed kernel like any other.

The kernel's sockets lie in the sandbox's own memory, which has a size; a folder of the host could
be filled. The client reaches them through descriptors opened before any learner's code ran, so a
socket that is replaced later, by a link to one of the host's, is never followed.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import stat
import time
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Bool, Integer

from lora_course.sandbox import bubblewrap, cgroups
from lora_course.sandbox.kernel import sockets_in_a_folder
from lora_course.sandbox.limits import Limits, SandboxError
from lora_course.sandbox.watch import Watch

CHANNELS = ("shell", "iopub", "stdin", "hb", "control")
START_SECONDS = 60


class SandboxProvisioner(LocalProvisioner):
    """Runs the kernel in bubblewrap; the limits can be set in the kernel's specification."""

    memory_mb = Integer(Limits.memory_mb).tag(config=True)
    cpu_seconds = Integer(Limits.cpu_seconds).tag(config=True)
    processes = Integer(Limits.processes).tag(config=True)
    file_mb = Integer(Limits.file_mb).tag(config=True)
    disk_mb = Integer(Limits.disk_mb).tag(config=True)
    open_files = Integer(Limits.open_files).tag(config=True)
    checks = Bool(False).tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._folder: str | None = None  # the host's side: connection file, links to the sockets
        self._group: cgroups.Group | None = None
        self._watch: Watch | None = None
        self._sockets: list[int] = []
        self._info = -1
        self._passed: list[int] = []

    def limits(self) -> Limits:
        """The limits as one value; ValueError for one that is out of range."""
        names = Limits.__dataclass_fields__
        return Limits(**{name: getattr(self, name) for name in names})

    @property
    def out_of_memory(self) -> bool:
        """Whether the kernel, or a child of it, was ended because memory ran out."""
        watched = self._watch is not None and self._watch.too_large
        return watched or (self._group is not None and self._group.ran_out_of_memory())

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose the sockets' paths and wrap the command."""
        limits, manager = self.limits(), self.parent
        assert manager is not None
        bubblewrap.program()  # its message, before anything is made
        if self._folder is None:
            self._folder = sockets_in_a_folder(manager)
            for port, channel in enumerate(CHANNELS, start=1):
                setattr(manager, f"{channel}_port", port)
        kwargs = await super().pre_launch(**kwargs)
        connection = Path(self._folder, "kernel.json")
        self._info, info = os.pipe()
        opened = {str(connection): bubblewrap.readable(connection.read_bytes())}
        calls = bubblewrap.filter_of_calls()
        self._passed = [info, *opened.values(), *([] if calls is None else [calls])]
        self._group = cgroups.create(limits)
        sandbox = bubblewrap.command(
            limits, self._folder, info, calls, opened, self.kernel_spec.env, checks=self.checks
        )
        joined = self._group.join() if self._group else []
        kwargs["cmd"] = [*joined, *limits.prlimit(), *sandbox, *kwargs["cmd"]]
        kwargs["pass_fds"] = tuple(self._passed)
        kwargs["env"] = bubblewrap.outside()
        return kwargs

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start bubblewrap, wait for the kernel's sockets and link to them."""
        try:
            await super().launch_kernel(cmd, **kwargs)
        finally:
            for descriptor in self._passed:
                os.close(descriptor)
        with os.fdopen(self._info, "rb") as pipe:
            text = await asyncio.get_running_loop().run_in_executor(None, pipe.read)
        first = json.loads(text)["child-pid"] if text.strip() else None
        if first is None or not await self._connected(first):
            await self.kill()
            await self.wait()
            await self.cleanup()
            raise SandboxError(
                "bubblewrap runs, but no kernel came up in it within"
                f" {START_SECONDS} s; is the machine short of memory, or ipykernel not installed?"
            )
        if self._group is None:
            self._watch = Watch(first, self.limits().memory_mb, tuple(bubblewrap.WRITABLE))
            self._watch.start()
        return self.connection_info

    async def _connected(self, first: int) -> bool:
        """Whether all sockets came up in time; the host's links then lead to them."""
        inside, end = Path(f"/proc/{first}/root{self._folder}"), time.monotonic() + START_SECONDS
        for port, _ in enumerate(CHANNELS, start=1):
            link = Path(f"{self._folder}/socket-{port}")
            while not (socket := _socket(inside / link.name)):
                if time.monotonic() > end or not self.process or self.process.poll() is not None:
                    return False
                await asyncio.sleep(0.01)
            self._sockets.append(socket)
            link.unlink(missing_ok=True)
            link.symlink_to(f"/proc/{os.getpid()}/fd/{socket}")
        return True

    async def cleanup(self, restart: bool = False) -> None:
        """Forget the sockets and the group; the folder too, unless the kernel starts again."""
        await super().cleanup(restart)
        for descriptor in self._sockets:
            os.close(descriptor)
        self._sockets = []
        if self._watch:
            self._watch.stop()
        if self._group:
            self._group.remove()
        if not restart and self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def _socket(path: Path) -> int | None:
    """A descriptor of the socket itself, not followed if it is a link; None while there is none."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None
