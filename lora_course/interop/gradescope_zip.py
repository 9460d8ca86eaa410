"""The zip that Gradescope builds an autograder from: two scripts, and the course to install."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

from lora_course.chapters.rooms import questions_of
from lora_course.files import PACKAGE

# What the scripts install from, beside the package.
REQUIREMENTS = tuple(f"requirements/{name}.txt" for name in ("torch-cpu", "lock"))
WANTED = ("pyproject.toml", "README.md", "LICENSE", *REQUIREMENTS)
# Where they are in an installed course; pyproject.toml puts them there.
PACKED = Path(__file__).parent / "autograder" / "source"
SCRIPTS = ("setup.sh", "run_autograder")
WHEN = (2025, 1, 1, 0, 0, 0)  # the same course gives the same zip


class PackError(ValueError):
    """The zip cannot be made; the message says why and what to do."""


def write_zip(out: Path, chapter: int, *, root: Path | None = None) -> Path:
    """Write `out`, the autograder of one chapter; returns it.

    `root`: the folder of the course's source, with pyproject.toml in it; default: where this
    package is, or what was installed with it. PackError when it is not there, ValueError for a
    chapter without questions.
    """
    questions_of(chapter)
    package = PACKAGE
    if root is None:
        root = package.parent
        root = PACKED if not (root / "pyproject.toml").exists() and PACKED.exists() else root
    else:
        package = root / PACKAGE.name
    wanted = {name: root / name for name in WANTED}
    missing = [name for name, path in wanted.items() if not path.exists()]
    if missing or not package.exists():
        raise PackError(
            f"root={str(root)!r}: holds no {', '.join(missing) or package.name}; give the folder of"
            " the course's source, as cloned or unpacked"
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_name(f".{out.name}.part")
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in SCRIPTS:
            script = PACKED.parent / name
            text = script.read_text(encoding="utf-8").replace("@chapter@", str(chapter))
            _add(archive, name, text.encode(), 0o755)
        for name, path in {**wanted, **_modules(package)}.items():
            _add(archive, f"course/{name}", path.read_bytes(), 0o644)
    beside.replace(out)
    return out


def _modules(package: Path) -> dict[str, Path]:
    """The package's own files by their names in the zip, without what programs leave behind."""
    found = {}
    for path in sorted(package.rglob("*")):
        parts = path.relative_to(package).parts
        left_behind = any(part.startswith(".") or part == "__pycache__" for part in parts)
        again = path.is_relative_to(PACKED)  # stands beside the package in the zip
        if path.is_file() and not path.is_symlink() and not left_behind and not again:
            found["/".join((PACKAGE.name, *parts))] = path
    return found


def _add(archive: zipfile.ZipFile, name: str, content: bytes, mode: int) -> None:
    info = zipfile.ZipInfo(name, WHEN)
    info.external_attr = (stat.S_IFREG | mode) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, content)
