"""Python, the installed packages, and whether PyTorch works."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

from lora_course.doctor.finding import REPAIR, MachineFinding

COURSE = "lora-course"
ROOT = Path(__file__).parent.parent.parent
OLDEST_PYTHON = (3, 11)
IMPORT_SECONDS = 120
TORCH = """
import torch
layer = torch.nn.Linear(4, 4)
layer(torch.ones(2, 4)).sum().backward()
assert layer.bias.grad.tolist() == [2] * 4, "torch computes wrong gradients"
build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPU"
print(f"{torch.__version__} ({build} build), {torch.get_num_threads()} threads")
"""


def python() -> MachineFinding:
    """Python is new enough."""
    version = sys.version.split()[0]
    oldest = ".".join(map(str, OLDEST_PYTHON))
    old = sys.version_info[:2] < OLDEST_PYTHON
    todo = f"install Python {oldest} or newer, remove .venv, and set up again" if old else ""
    return MachineFinding("Python", f"{version} at {sys.executable}", todo)


def packages(lock: Path | None = None) -> MachineFinding:
    """What the course needs is installed, in versions that it admits; the lock's are tested."""
    from packaging.requirements import Requirement

    needed = [Requirement(text) for text in metadata.requires(COURSE) or ()]
    needed = [one for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
    pins = _pins(lock or ROOT / "requirements" / "lock.txt")
    wrong, other = [], []
    for one in needed:
        try:
            version = metadata.version(one.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{one.name} is missing")
            continue
        if not one.specifier.contains(version, prereleases=True):
            wrong.append(f"{one.name} is {version}, needed {one.specifier}")
        elif pins.get(one.name, version) != version:
            other.append(f"{one.name} {version} (tested: {pins[one.name]})")
    if wrong:
        return MachineFinding("packages", "; ".join(wrong), REPAIR)
    tested = "all as tested" if pins else "no lock file here to compare with"
    found = f"{len(needed)} there, {', '.join(other) or tested}"
    return MachineFinding("packages", found)


def _pins(lock: Path) -> dict[str, str]:
    """The versions that the course is tested with; {} where it was installed without its folder."""
    from packaging.requirements import Requirement

    if not lock.exists():
        return {}
    lines = lock.read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {
        one.name: next(iter(one.specifier)).version
        for one in pins
        if one.marker is None or one.marker.evaluate()
    }


def torch() -> MachineFinding:
    """PyTorch imports and computes, in a process of its own: a broken one may crash."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", TORCH],
            capture_output=True,
            text=True,
            timeout=IMPORT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        found = f"did not import within {IMPORT_SECONDS} s"
        return MachineFinding("PyTorch", found, "close other programs and try again")
    if done.returncode == 0:
        return MachineFinding("PyTorch", done.stdout.strip())
    last = (done.stderr.strip().splitlines() or [f"ended with status {done.returncode}"])[-1]
    here = f"{sys.executable} -m pip"
    todo = f"`{here} uninstall -y torch`, then {REPAIR}; a CUDA build of yours: install it again"
    return MachineFinding("PyTorch", f"does not work: {last[:300]}", todo)
