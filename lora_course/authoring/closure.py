"""All that a chapter's notebooks depend on, as one fingerprint: what changes it, changes them."""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from lora_course.chapters.rooms import Room
from lora_course.files import PACKAGE

ROOT = PACKAGE.parent
# What makes the same notebook another run.
ALWAYS = ("requirements/lock.txt", "requirements/torch-cpu.txt", "tests/nbval_sanitize.cfg")
ALWAYS_MODULES = tuple(f"lora_course.authoring.{n}" for n in ("build", "cell_clock", "record"))
LEFT_BEHIND = "__pycache__"


def fingerprint(room: Room, *more: Path) -> str:
    """A hash of the room, of every module that it imports and their data, and of `more` files."""
    digest = hashlib.sha256(repr(sys.version_info[:3]).encode())
    for path in sorted({*closure(room), *more}):
        digest.update(f"{path.relative_to(ROOT).as_posix()}\n".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def closure(room: Room) -> set[Path]:
    """The files: sources, and all other files in the folders that a source is taken from.

    What an author's command reads, such as the skeleton of a new chapter, is no chapter's data.
    """
    seen: set[Path] = set()
    waiting = [*room.folder.glob("*.py"), *filter(None, map(_file, ALWAYS_MODULES))]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting += _imported(path)
    folders = {source.parent for source in seen} - {Path(__file__).parent}
    data = {path for folder in folders for path in _data(folder)}
    data -= {room.built}  # written from the source, with the notebooks
    return seen | data | {ROOT / name for name in ALWAYS if (ROOT / name).exists()}


def _data(folder: Path) -> Iterator[Path]:
    """What is no source below a package's folder, but not below a package in it."""
    for path in folder.iterdir():
        if path.is_dir() and not (path / "__init__.py").exists():
            inside = (inner for inner in path.rglob("*") if inner.is_file())
            yield from (inner for inner in inside if LEFT_BEHIND not in inner.parts)
        elif path.is_file() and path.suffix != ".py":
            yield path


@cache
def _imported(path: Path) -> tuple[Path, ...]:
    """The course's modules that a source imports anywhere in it, and the packages around them."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    parents = {name[:end] for name in names for end, sign in enumerate(name) if sign == "."}
    return tuple(file for name in names | parents if (file := _file(name)) is not None)


def _file(module: str) -> Path | None:
    """The source of one of the course's modules; None for anything else."""
    if module.partition(".")[0] != PACKAGE.name:
        return None
    path = ROOT.joinpath(*module.split("."))
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in candidates if file.exists()), None)
