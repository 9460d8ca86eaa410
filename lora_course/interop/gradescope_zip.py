"""The zip that Gradescope builds an autograder from: two scripts, and the course to install."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from lora_course.chapters.rooms import questions_of

# What the scripts install from, below the folder that holds the package.
WANTED = (
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "requirements/torch-cpu.txt",
    "requirements/lock.txt",
)
SCRIPTS = ("setup.sh", "run_autograder")
WHEN = (2025, 1, 1, 0, 0, 0)  # the same course gives the same zip


class PackError(ValueError):
    """The zip cannot be made; the message says why and what to do."""


def write_zip(out: Path, chapter: int, *, root: Path | None = None) -> Path:
    """Write `out`, the autograder of one chapter; returns it.

    `root`: the folder of the course's source, with pyproject.toml in it; default: where this
    package is. PackError when it is not there, ValueError for a chapter without questions.
    """
    questions_of(chapter)
    folder = Path(str(files("lora_course"))).parent if root is None else root
    missing = [name for name in (*WANTED, "lora_course") if not (folder / name).exists()]
    if missing:
        raise PackError(
            f"root={str(folder)!r}: holds no {', '.join(missing)}; give the folder of the course's"
            " source, as cloned or unpacked"
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_name(f".{out.name}.part")
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in SCRIPTS:
            script = files("lora_course.interop").joinpath("autograder", name)
            text = script.read_text(encoding="utf-8").replace("@chapter@", str(chapter))
            _add(archive, name, text.encode(), 0o755)
        for path in _packed(folder):
            name = f"course/{path.relative_to(folder).as_posix()}"
            _add(archive, name, path.read_bytes(), 0o644)
    beside.replace(out)
    return out


def _packed(folder: Path) -> Iterator[Path]:
    """The files to install from, without what programs leave behind."""
    yield from (folder / name for name in WANTED)
    for path in sorted((folder / "lora_course").rglob("*")):
        parts = path.relative_to(folder).parts
        left_behind = any(part.startswith(".") or part == "__pycache__" for part in parts)
        if path.is_file() and not path.is_symlink() and not left_behind:
            yield path


def _add(archive: zipfile.ZipFile, name: str, content: bytes, mode: int) -> None:
    info = zipfile.ZipInfo(name, WHEN)
    info.external_attr = (stat.S_IFREG | mode) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, content)
