"""The sandboxed kernel's specification: in memory for a program, installed for use by name."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from subprocess import DEVNULL
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager
from traitlets import Instance

from lora_course.files import folder_for_sockets
from lora_course.sandbox import bubblewrap
from lora_course.sandbox.limits import Limits

NAME = "lora-course-sandbox"
SOCKET = len("/sandbox-12345678/socket-5")
ARGV = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]


def specification(
    limits: Limits | None = None,
    *,
    sandboxed: bool = True,
    variables: Mapping[str, str] | None = None,
    checks: bool = False,
) -> KernelSpec:
    """A Python kernel with these packages: in the sandbox, or as an ordinary process.

    `variables`: more of the kernel's environment; `checks`: whether the questions' checks are in
    the sandbox, for graders that check there.
    """
    metadata: dict[str, Any] = {}
    if sandboxed:
        config = {**asdict(limits or Limits()), "checks": checks}
        provisioner = {"provisioner_name": NAME, "config": config}
        metadata = {"kernel_provisioner": provisioner}
    return KernelSpec(
        argv=ARGV,
        display_name="Python 3 (sandbox)",
        language="python",
        interrupt_mode="message",  # a signal would reach bubblewrap, not the kernel inside it
        metadata=metadata,
        env=dict(variables or {}),
    )


def sockets_in_a_folder(one: KernelManager) -> str:
    """Give the kernel files for sockets, in a fresh folder; whoever starts it removes that."""
    folder = tempfile.mkdtemp(prefix="sandbox-", dir=folder_for_sockets(SOCKET))
    one.transport, one.ip = "ipc", f"{folder}/socket"
    one.connection_file = f"{folder}/kernel.json"
    return folder


class OneKernel(KernelSpecManager):
    """Knows one kernel, `specification`, whatever is installed on the machine."""

    specification = Instance(KernelSpec)

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The one specification there is, under any name."""
        return self.specification


def manager(spec: KernelSpec, **options: Any) -> KernelManager:
    """A manager for one kernel with this specification; its blocking methods start and end it."""
    known = OneKernel(specification=spec)
    return KernelManager(kernel_name=NAME, kernel_spec_manager=known, **options)


def try_out(limits: Limits | None = None) -> None:
    """Start a sandboxed kernel and end it; SandboxError with what to do where that fails."""
    bubblewrap.check(limits or Limits())
    one = manager(specification(limits))
    one.start_kernel(stdout=DEVNULL, stderr=DEVNULL)
    one.shutdown_kernel(now=True)
