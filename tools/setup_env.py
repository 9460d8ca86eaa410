"""Set up the course in .venv: `python tools/setup_env.py`, on any system, with Python alone.

That installs what a learner needs. `--with dev` adds the tools of authors, graders and CI.

PyTorch comes first and by itself, so that Linux gets the CPU build (a torch that is already in
.venv, such as your own CUDA build, is kept); then the locked packages and the course. All of it is
done by pip, which knows this machine's settings: its package index, proxy and certificates.
Run again after a change of the requirements: a set-up that is up to date returns at once.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
# What can be set up, each a file of exact versions. The second holds the first.
COURSE, DEV = "course", "dev"
LOCKED = {COURSE: "requirements/course.txt", DEV: "requirements/lock.txt"}
DOWNLOAD_MB = {COURSE: 170, DEV: 360}
# Settings that JupyterLab starts from: nobody is asked about news in front of a chapter.
SETTINGS = "requirements/jupyterlab.json"
INPUTS = ("pyproject.toml", "requirements/torch-cpu.txt", SETTINGS)
OLDEST_PYTHON = (3, 11)
# What JupyterLab and the kernel of a chapter import. Python compiles what it imports and keeps
# that: done here, or else the first kernel takes twice as long to import it. To compile all
# that is installed would take 300 MB instead of 100, for modules that no chapter uses.
FIRST_IMPORTS = """
import logging
logging.disable()
import bitsandbytes, ipykernel.kernelapp, ipywidgets, jupyterlab.labapp, matplotlib.pyplot, peft
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM
"""


def fingerprint(what: str) -> str:
    """A hash of everything the set-up of `what` depends on, the Python version included."""
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for name in (*INPUTS, LOCKED[what]):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def stamp(what: str) -> Path:
    """The file that holds the fingerprint of `what` as it was when it was set up."""
    return VENV / f"{what}-ready"


def is_ready(what: str) -> bool:
    """Whether `what` is set up, and nothing that it depends on changed since."""
    return stamp(what).exists() and stamp(what).read_text() == fingerprint(what)


def run(*command: str | Path) -> bool:
    """Run one step, showing its output; True when it succeeded."""
    return subprocess.run([str(part) for part in command], cwd=ROOT, check=False).returncode == 0


def pip_install(*arguments: str) -> bool:
    """Install into .venv, and compile nothing yet: see FIRST_IMPORTS."""
    pip = (PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    return run(*pip, "--no-compile", *arguments)


def step(number: int, message: str) -> None:
    """Say what happens next."""
    print(f"[{number}/5] {message}", flush=True)


def make_venv() -> None:
    """Create .venv unless it is there."""
    if PYTHON.exists():
        return
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


def install_torch() -> None:
    """Install the CPU build of torch; where it cannot be had, the ordinary one, and say so."""
    if run(PYTHON, "-c", "import importlib.util as u, sys; sys.exit(not u.find_spec('torch'))"):
        print("      torch is already in .venv and is kept as it is", flush=True)
        return
    if pip_install("--no-deps", "--retries", "1", "-r", "requirements/torch-cpu.txt"):
        return
    print(
        "      The CPU build of torch cannot be had here (no network to its index, or no wheel for"
        f" Python {sys.version_info.major}.{sys.version_info.minor}).\n"
        "      Falling back to the ordinary torch: on Linux a download of several GB.",
        flush=True,
    )
    if not pip_install("torch==2.13.0"):
        sys.exit(
            "torch could not be installed: is there a network? Then run this again. Or install any"
            f"\ntorch from 2.8 on into .venv yourself ({PYTHON} -m pip install torch): it is kept."
        )


def install_locked(what: str) -> None:
    """Install the exact versions that the course is tested with, and nothing besides."""
    # Without dependencies, for the file names all of them: so no other torch can come in.
    if not pip_install("--no-deps", "-r", LOCKED[what]):
        sys.exit(
            f"pip could not install {LOCKED[what]}: its message stands above. What was installed\n"
            "stays: run this again when there is a network."
        )


def install_course() -> None:
    """Install the course, such that a change of its files counts at once, and its settings."""
    if not pip_install("--no-deps", "--editable", "."):
        sys.exit(
            "pip could not install the course: its message stands above. Run this again when there"
            "\nis a network."
        )
    defaults = VENV / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    defaults.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / SETTINGS, defaults)


def import_once() -> None:
    """Have Python compile what a chapter imports; see FIRST_IMPORTS."""
    if not run(PYTHON, "-c", FIRST_IMPORTS):
        doctor = BIN.relative_to(ROOT) / "lora-course"
        print(f"      An import failed: `{doctor} doctor` says what to do.", flush=True)


def main(arguments: Sequence[str] = ()) -> None:
    """Bring .venv up to date with the requirements."""
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(
            f"The course needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}."
            "\nRun this script with a newer one: python3.12 tools/setup_env.py"
        )
    parser = argparse.ArgumentParser(description="Set up the course in .venv.")
    parser.add_argument(
        "--with",
        dest="what",
        choices=[DEV],
        default=COURSE,
        help="add the tools of authors, graders and CI; without it, what a learner needs",
    )
    what: str = parser.parse_args(arguments).what
    if is_ready(what):
        return
    step(1, f"a virtual environment in {VENV.name}")
    make_venv()
    step(2, "PyTorch (CPU build, about 200 MB)")
    install_torch()
    step(3, f"the packages of {LOCKED[what]} (about {DOWNLOAD_MB[what]} MB)")
    install_locked(what)
    step(4, "the course itself")
    install_course()
    step(5, "a first import of all that a chapter uses")
    import_once()
    for done in {COURSE, what}:  # the tools come with all of the course
        stamp(done).write_text(fingerprint(done))
    print(f"Ready: {PYTHON.relative_to(ROOT)} has the course.", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
