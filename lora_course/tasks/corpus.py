"""Text that every learner's machine holds: the prose and the code of Python's own library.

Nothing is downloaded. A file belongs to "train" or to "test" by a hash of its path, so no text
crosses over, and a module is on the same side under every Python version.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
import sysconfig
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

from lora_course.arguments import one_of

SPLITS = ("train", "test")
TEST_SHARE = 0.2
# Left out: what some distributions package apart or later versions dropped, tests, and tables of
# character codes, which are neither prose nor code that anyone writes.
LEFT_OUT = frozenset(
    [
        *("test", "tests", "idle_test", "idlelib", "lib2to3", "tkinter", "turtledemo", "turtle.py"),
        *("ensurepip", "distutils", "encodings", "pydoc_data", "config", "__phello__"),
        *("site-packages", "dist-packages", "__pycache__"),
    ]
)
FEWEST_FILES = 200
DEFINITIONS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


class MissingTextError(FileNotFoundError):
    """This Python comes without the text that the course reads; the message says what to do."""


@dataclass(frozen=True)
class Module:
    """One library file, parsed: its path below the library's folder, its prose, its code."""

    name: str
    prose: tuple[str, ...]
    code: str


def library_folder() -> Path:
    """Where this Python keeps its library."""
    return Path(sysconfig.get_path("stdlib"))


def split_of(name: str) -> str:
    """ "train" or "test" for a file's name, the same on every machine."""
    digest = hashlib.sha256(name.encode()).digest()
    return "test" if int.from_bytes(digest[:4], "big") < TEST_SHARE * 2**32 else "train"


@cache
def modules(split: str) -> tuple[Module, ...]:
    """The library's modules of one split, in order of their names."""
    one_of("split", split, SPLITS)
    folder = library_folder()
    names = sorted(_files(folder))
    if len(names) < FEWEST_FILES:
        raise MissingTextError(
            f"{folder} holds {len(names)} of the library's .py files; at least {FEWEST_FILES} are"
            " needed. This Python was installed without its library's source (a minimal or zipped"
            " build): use one from python.org, conda-forge or your system (on Debian and Ubuntu:"
            " sudo apt install libpython3-stdlib)."
        )
    return tuple(
        module
        for name in names
        if split_of(name) == split and (module := _read(folder / name, name)) is not None
    )


def _files(folder: Path) -> Iterator[str]:
    """Names below `folder`; what is left out is not walked: it may hold every installed package."""
    for here, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        for name in files:
            if name.endswith(".py") and name not in LEFT_OUT:
                yield (Path(here) / name).relative_to(folder).as_posix()


def _read(path: Path, name: str) -> Module | None:
    """One file taken apart; None for the few that are no valid Python, on purpose."""
    try:
        with tokenize.open(path) as file:
            text = file.read()
        tree = ast.parse(text)
    except (OSError, SyntaxError, UnicodeError):
        return None
    docstrings: list[str] = []
    lines: set[int] = set()
    for node in _definitions(tree):
        found = ast.get_docstring(node)
        if found:
            docstrings.append(found)
            statement = node.body[0]
            lines.update(range(statement.lineno, (statement.end_lineno or 0) + 1))
    return Module(name, (*docstrings, *_comments(text)), _without(text, lines))


# Words in a row and a full stop: a sentence, not a line of code that was commented out.
SPOKEN = re.compile(r"[A-Z][a-z]+ [a-z]+ [a-z]+[^=]*[.]")


def _comments(text: str) -> list[str]:
    """Blocks of whole-line comments in which someone explains something."""
    blocks = []
    for is_comment, lines in groupby(map(str.strip, text.splitlines()), _is_comment):
        block = "\n".join(line.lstrip("#").strip() for line in lines) if is_comment else ""
        if SPOKEN.search(block):
            blocks.append(block)
    return blocks


def _is_comment(line: str) -> bool:
    return line.startswith("#")


def _definitions(
    tree: ast.AST,
) -> Iterator[ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """The module, its classes and functions, in the order in which they stand."""
    if isinstance(tree, DEFINITIONS):
        yield tree
    for child in getattr(tree, "body", []):
        yield from _definitions(child)


def _without(text: str, docstring_lines: set[int]) -> str:
    """Code alone: no docstrings, no lines of comment, no two blank lines in a row."""
    kept = [
        line
        for row, line in enumerate(text.splitlines(), start=1)
        if row not in docstring_lines and not _is_comment(line.lstrip())
    ]
    return re.sub(r"\n\s*\n(\s*\n)+", "\n\n", "\n".join(kept)).strip() + "\n"


@cache
def topics() -> tuple[str, ...]:
    """The chapters of the language reference that `help()` shows: English prose, train only."""
    try:
        from pydoc_data.topics import topics as found
    except ImportError as error:
        raise MissingTextError(
            "This Python comes without pydoc_data, the text behind help(). On Debian and Ubuntu:"
            " sudo apt install libpython3-stdlib; elsewhere use a Python from python.org or"
            " conda-forge."
        ) from error
    return tuple(found[name] for name in sorted(found))


def prose(split: str) -> list[str]:
    """Docstrings and comments, one text a module; "train" has the topics of `help()` too."""
    texts = ["\n\n".join(module.prose) for module in modules(split) if module.prose]
    return [*topics(), *texts] if split == "train" else texts


def code(split: str) -> list[str]:
    """Library code, one text a module, without docstrings and lines of comment."""
    return [module.code for module in modules(split) if len(module.code) > 200]


SENTENCE = re.compile(r"(?:^|(?<=[.] ))[A-Z][a-z]*(?: [A-Za-z0-9,;:'\"()/-]+){5,14}[.](?= |$)")


@cache
def sentences(split: str) -> tuple[str, ...]:
    """Whole English sentences of the prose, each once; none of "test" stands in "train"."""
    seen: dict[str, None] = {}
    for text in prose(split):
        for paragraph in re.split(r"\n\s*\n", text):
            if ">>>" not in paragraph:
                seen.update(dict.fromkeys(SENTENCE.findall(" ".join(paragraph.split()))))
    if split == "test":
        for known in sentences("train"):
            seen.pop(known, None)
    return tuple(seen)
