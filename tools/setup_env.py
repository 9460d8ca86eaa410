"""Set up the course in .venv: `python tools/setup_env.py`, on any system, with Python alone.

PyTorch comes first and by itself, so that Linux gets the CPU build (a torch that is already in
.venv, such as your own CUDA build, is kept); then the locked packages and the course, by uv.
Run again after a change of the requirements: a set-up that is up to date returns at once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "course-ready"
# Settings that JupyterLab starts from: nobody is asked about news in front of a chapter.
SETTINGS = "requirements/jupyterlab.json"
INPUTS = ("pyproject.toml", "requirements/lock.txt", "requirements/torch-cpu.txt", SETTINGS)
OLDEST_PYTHON = (3, 11)


def fingerprint() -> str:
    """A hash of everything the set-up depends on, the Python version included."""
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for name in INPUTS:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def run(*command: str | Path) -> bool:
    """Run one step, showing its output; True when it succeeded."""
    return subprocess.run([str(part) for part in command], cwd=ROOT, check=False).returncode == 0


def step(number: int, message: str) -> None:
    """Say what happens next."""
    print(f"[{number}/4] {message}", flush=True)


def install_torch() -> None:
    """Install the CPU build of torch; where it cannot be had, the ordinary one, and say so."""
    if run(PYTHON, "-c", "import importlib.util as u, sys; sys.exit(not u.find_spec('torch'))"):
        print("      torch is already in .venv and is kept as it is", flush=True)
        return
    pip = (PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    if run(*pip, "--no-deps", "--retries", "1", "-r", "requirements/torch-cpu.txt"):
        return
    print(
        "      The CPU build of torch cannot be had here (no network to its index, or no wheel for"
        f" Python {sys.version_info.major}.{sys.version_info.minor}).\n"
        "      Falling back to the ordinary torch: on Linux a download of several GB.",
        flush=True,
    )
    if not run(*pip, "torch==2.13.0"):
        sys.exit(
            "torch could not be installed: is there a network? Then run this again. Or install any"
            f"\ntorch from 2.8 on into .venv yourself ({PYTHON} -m pip install torch): it is kept."
        )


def main() -> None:
    """Bring .venv up to date with the requirements."""
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(
            f"The course needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}."
            "\nRun this script with a newer one: python3.12 tools/setup_env.py"
        )
    if STAMP.exists() and STAMP.read_text() == fingerprint():
        return
    step(1, f"a virtual environment in {VENV.name}")
    if not PYTHON.exists():
        try:
            venv.create(VENV, with_pip=True)
        except OSError as error:
            sys.exit(
                f"{VENV} cannot be made: {error.strerror}\n"
                "Copy the course to a folder of yours with 2 GB of room, and run this there."
            )
        except subprocess.CalledProcessError as error:
            sys.exit(
                f"Python could not create {VENV}: {error}\n"
                "On Debian and Ubuntu: sudo apt install python3-venv, remove .venv, run this again."
            )
    step(2, "PyTorch (CPU build, about 200 MB)")
    install_torch()
    step(3, "the locked packages (about 150 MB, and half a minute to compile them)")
    if not run(PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "uv"):
        sys.exit("pip could not install uv: is there a network, or a package index configured?")
    # Compiled here, once: otherwise the first kernel that imports them all takes the time.
    install = ("install", "--quiet", "--compile-bytecode", "--python", PYTHON)
    uv = (PYTHON, "-m", "uv", "pip", *install)
    if not run(*uv, "--no-deps", "-r", "requirements/lock.txt"):
        sys.exit(
            "uv could not install requirements/lock.txt: its message stands above. What was\n"
            "installed stays: run this again when there is a network."
        )
    step(4, "the course itself")
    if not run(*uv, "--no-deps", "--editable", "."):
        sys.exit("uv could not install the course: its message stands above.")
    defaults = VENV / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    defaults.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / SETTINGS, defaults)
    STAMP.write_text(fingerprint())
    print(f"Ready: {PYTHON.relative_to(ROOT)} has the course.", flush=True)


if __name__ == "__main__":
    main()
