"""`lora-course doctor`: what the course needs from this machine, and what to do where it lacks.

Every check can fail by itself, an import that crashes included: the others are still made. Nothing
is loaded here that may be what is broken.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

COURSE = "lora-course"
OLDEST_PYTHON = (3, 11)
MB = 1_000_000
MEMORY_MB = 1000  # JupyterLab's server and the kernel of the largest chapter
DISK_MB = 200
PORT = 8888
IMPORT_SECONDS = 120
REPAIR = "run `make setup` (without make: `python tools/setup_env.py`) in the course's folder"
# The front end of the sliders, as JupyterLab finds it.
WIDGETS = "@jupyter-widgets/jupyterlab-manager/package.json"
TORCH = """
import torch
layer = torch.nn.Linear(4, 4)
layer(torch.ones(2, 4)).sum().backward()
assert layer.bias.grad.tolist() == [2] * 4, "torch computes wrong gradients"
build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPU"
print(f"{torch.__version__} ({build} build), {torch.get_num_threads()} threads")
"""


@dataclass(frozen=True)
class Finding:
    """What one check found. `todo` is empty unless something must be done."""

    name: str
    found: str
    todo: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing needs to be done."""
        return not self.todo

    def __str__(self) -> str:
        line = f"{'ok ' if self.ok else 'FIX'}  {self.name}: {self.found}"
        return line if self.ok else f"{line}\n     → {self.todo}"


def python() -> Finding:
    """Python is new enough."""
    version = sys.version.split()[0]
    oldest = ".".join(map(str, OLDEST_PYTHON))
    old = sys.version_info[:2] < OLDEST_PYTHON
    todo = f"install Python {oldest} or newer, remove .venv, and set up again" if old else ""
    return Finding("Python", f"{version} at {sys.executable}", todo)


def packages(lock: Path | None = None) -> Finding:
    """What the course needs is installed, in versions that it admits; the lock's are tested."""
    from packaging.requirements import Requirement

    needed = [Requirement(text) for text in metadata.requires(COURSE) or ()]
    needed = [one for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
    pins = _pins(lock or Path(__file__).parent.parent / "requirements" / "lock.txt")
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
        return Finding("packages", "; ".join(wrong), REPAIR)
    tested = "all as tested" if pins else "no lock file here to compare with"
    found = f"{len(needed)} there, {', '.join(other) or tested}"
    return Finding("packages", found)


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


def torch() -> Finding:
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
        return Finding("PyTorch", found, "close other programs and try again")
    if done.returncode == 0:
        return Finding("PyTorch", done.stdout.strip())
    last = (done.stderr.strip().splitlines() or [f"ended with status {done.returncode}"])[-1]
    here = f"{sys.executable} -m pip"
    todo = f"`{here} uninstall -y torch`, then {REPAIR}; a CUDA build of yours: install it again"
    return Finding("PyTorch", f"does not work: {last[:300]}", todo)


def memory() -> Finding:
    """There is memory for JupyterLab and one kernel."""
    import psutil

    free = min([psutil.virtual_memory().available, *_group_memory()]) // MB
    todo = "close other programs, or shut other notebooks' kernels down" if free < MEMORY_MB else ""
    return Finding("memory", f"{free:,} MB free, {MEMORY_MB:,} MB needed", todo)


def _group_memory(root: Path = Path("/sys/fs/cgroup")) -> Iterator[int]:
    """Bytes left to this process's container, where it has a limit; pages of files can go."""
    for most, used, folder, pages in (
        ("memory.max", "memory.current", root, "inactive_file"),
        (
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
            root / "memory",
            "total_inactive_file",
        ),
    ):
        try:
            held = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
            taken = int((folder / used).read_text()) - int(held[pages])
            yield int((folder / most).read_text()) - taken
        except (OSError, ValueError, KeyError):  # no such group, or no limit
            continue


def folder() -> Finding:
    """Notebooks can be saved here, and there is room."""
    here = Path.cwd()
    try:
        with tempfile.TemporaryFile(dir=here):
            pass
    except OSError as error:
        todo = "copy the course to a folder of yours, for example your home, and start there"
        return Finding("folder", f"{here} cannot be written to: {error.strerror}", todo)
    free = shutil.disk_usage(here).free // MB
    todo = f"make room: {DISK_MB} MB are needed" if free < DISK_MB else ""
    return Finding("folder", f"{here} can be written to, {free:,} MB free", todo)


def kernel() -> Finding:
    """The kernel that the notebooks ask for is this Python."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        todo = f"`{sys.executable} -m ipykernel install --sys-prefix`"
        return Finding("kernel", "no kernel python3 is known to Jupyter", todo)
    program = spec.argv[0]
    bare = Path(program).name == program  # Jupyter then takes the Python that it runs on itself
    if bare or Path(program).absolute().parent == Path(sys.executable).absolute().parent:
        return Finding("kernel", f"python3, in {spec.resource_dir}")
    todo = (
        f"that Python does not have the course: remove {spec.resource_dir}, or start JupyterLab by"
        f" `{sys.executable} -m jupyterlab`"
    )
    return Finding("kernel", f"python3 starts another Python, {program}", todo)


def widgets() -> Finding:
    """JupyterLab has the front end of the sliders."""
    from jupyter_core.paths import jupyter_path

    for place in jupyter_path("labextensions"):
        if (Path(place) / WIDGETS).exists():
            return Finding("widgets", f"front end in {place}")
    todo = (
        f"`{sys.executable} -m pip install --force-reinstall jupyterlab_widgets`, reload the page"
    )
    return Finding("widgets", "JupyterLab's front end for sliders is not installed", todo)


def network() -> Finding:
    """Nothing is downloaded; whether the Hub may be asked when a model of yours is named."""
    offline = os.environ.get("HF_HUB_OFFLINE", "") not in ("", "0")
    hub = "is not asked (HF_HUB_OFFLINE)" if offline else "is asked only for a model that you name"
    return Finding("network", f"the chapters need none; the Hugging Face Hub {hub}")


def port() -> Finding:
    """JupyterLab's usual port; it takes the next one where that is taken."""
    with socket.socket() as probe:
        free = probe.connect_ex(("127.0.0.1", PORT)) != 0
    taken = f"{PORT} is taken (perhaps by another JupyterLab): JupyterLab takes the next one"
    return Finding("port", f"{PORT} is free" if free else taken)


CHECKS: tuple[Callable[[], Finding], ...] = (
    python, packages, torch, memory, folder, kernel, widgets, network, port,
)  # fmt: skip


def examine() -> Iterator[Finding]:
    """Make all checks, one after the other."""
    for check in CHECKS:
        try:
            yield check()
        except Exception as error:  # a package that the check itself needs is broken
            yield Finding(check.__name__, f"{type(error).__name__}: {error}"[:300], REPAIR)


def main() -> int:
    """Print a line for each check, and what to do; 1 when something is to be done."""
    wrong = 0
    for finding in examine():
        print(finding, flush=True)
        wrong += not finding.ok
    print("Everything is ready." if not wrong else f"{wrong} to fix, then run this again.")
    return int(wrong > 0)
