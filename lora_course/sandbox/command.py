"""`lora-course sandbox`: try it, say what it rests on, and install it as a kernel by name."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager

from lora_course.sandbox import bubblewrap, cgroups, shown
from lora_course.sandbox.kernel import NAME, specification, try_out
from lora_course.sandbox.limits import Limits, SandboxError


def facts() -> dict[str, str]:
    """What the sandbox rests on here."""
    group = cgroups.create(Limits())
    if group:
        group.remove()
    root = os.geteuid() == 0
    return {
        "program": bubblewrap.program(),
        "user": "a user that nothing else has, one each" if root else "you, in a user namespace",
        "memory": "control groups" if group else "resident size, looked at ten times a second",
        "shown": ", ".join(shown.folders()),
    }


def by_name() -> str:
    """The specification as a file: whoever takes it by name, such as nbgrader, checks inside."""
    return json.dumps(specification(checks=True).to_dict(), indent=1)


def install() -> str:
    """Install the kernel's specification for this Python; its folder."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "kernel.json").write_text(by_name(), encoding="utf-8")
        written: str = KernelSpecManager().install_kernel_spec(folder, NAME, prefix=sys.prefix)
    return written


def main(options: argparse.Namespace) -> int:
    """The command; returns its exit status."""
    try:
        for name, value in facts().items():
            print(f"{name}: {value}")
        try_out()
        print("A kernel started in the sandbox and ended.")
        if options.install:
            print(f"Installed in {install()}; use it by name: {NAME}")
    except (SandboxError, OSError) as error:
        print(f"lora-course sandbox: {error}", file=sys.stderr)
        return 2
    return 0
