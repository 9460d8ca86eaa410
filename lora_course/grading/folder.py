"""The submitted files of a folder, whose they are, and what their pages are called."""

from __future__ import annotations

import csv
import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Made by systems, not by learners: no row for these.
PASSED_OVER_FOLDERS = (".ipynb_checkpoints", "__MACOSX")
PASSED_OVER = (".DS_Store", "Thumbs.db", "desktop.ini")


class FolderError(ValueError):
    """The folder or the roster cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Submission:
    """One file: where it is, its path below the folder, and its learner."""

    path: Path
    file: str
    learner: str

    @property
    def page(self) -> str:
        """A name for its result and page: safe on any system, and different for every file."""
        digest = hashlib.sha256(os.fsencode(self.path.name) + self.file.encode()).hexdigest()[:10]
        return f"{re.sub(r'[^A-Za-z0-9]+', '-', self.file).strip('-')[:60] or 'file'}-{digest}"


def submissions(folder: Path, roster: Mapping[str, str] | None = None) -> list[Submission]:
    """Every file below `folder`, by name; links to folders are not followed."""
    if not folder.is_dir():
        raise FolderError(f"FOLDER={str(folder)!r} is not a folder; give one with notebooks in it")
    found = sorted(_files(folder), key=lambda path: path.relative_to(folder).parts)
    if not found:
        raise FolderError(f"FOLDER={str(folder)!r} holds no files")
    names = [_shown(path.relative_to(folder).as_posix()) for path in found]
    learners = _learners(names, roster or {})
    return [
        Submission(path, name, learner)
        for path, name, learner in zip(found, names, learners, strict=True)
    ]


def _learners(files: Sequence[str], roster: Mapping[str, str]) -> list[str]:
    """Whose each file is. A name within a folder is no claim to a learner who has a file elsewhere
    that says so from the outside: its folder was named by a platform, it by anybody."""
    claims = [_claim(file, roster) for file in files]
    outermost: dict[str, int] = {}
    for learner, depth in claims:
        outermost[learner] = min(depth, outermost.get(learner, depth))
    return [
        learner if depth == outermost[learner] else _unknown(file)
        for file, (learner, depth) in zip(files, claims, strict=True)
    ]


def _shown(name: str) -> str:
    """The name with bytes that are no UTF-8 written out, so that two names stay two."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _is_folder(path: Path) -> bool:
    """Whether it is a folder, and no link to one; what cannot be told is none."""
    try:
        return path.is_dir() and not path.is_symlink()
    except OSError:
        return False


def _files(folder: Path) -> Iterator[Path]:
    """All files; a folder that cannot be read stands for what may be in it."""
    waiting = [folder]
    while waiting:
        inner = waiting.pop()
        try:
            entries = list(inner.iterdir())
        except OSError:  # no permission, or nested deeper than a path can say
            yield inner
            continue
        for entry in entries:
            if not _is_folder(entry):
                if entry.name not in PASSED_OVER:
                    yield entry
            elif entry.name not in PASSED_OVER_FOLDERS:
                waiting.append(entry)


def learner_of(file: str, roster: Mapping[str, str]) -> str:
    """The one learner of the roster whose id is in the path; else the path's first part.

    The outermost part with an id counts. An id counts as a whole word: "12" is in
    "ada_12_chapter.ipynb", not in "ada_123.ipynb". Where one is part of another, as "smith" is of
    "j_smith", the longer one counts.
    """
    return _claim(file, roster)[0]


def _claim(file: str, roster: Mapping[str, str]) -> tuple[str, int]:
    """The file's learner, and in which part of its path that stands, 0 the outermost."""
    if file in roster:
        return roster[file], 0
    for depth, part in enumerate(file.removesuffix(".ipynb").split("/")):
        found = [(place, id_) for id_ in roster for place in _places(id_, part)]
        matches = {
            roster[id_]
            for place, id_ in found
            if not any(_inside(place, other) for other, _ in found)
        }
        if len(matches) == 1:
            return matches.pop(), depth
        if matches:
            break
    return _unknown(file), 0


def _unknown(file: str) -> str:
    """What a learner of whom the roster knows nothing is called."""
    first = Path(file).parts[0]
    return first if "/" in file else Path(file).stem


def _places(id_: str, text: str) -> list[range]:
    """Where the id stands in the text, with no letter, digit, dot, @, + or - beside it."""
    if id_ not in text:  # so for nearly all of a roster, and quick
        return []
    beside = r"[^\W_]|[.@+-]"
    words = re.finditer(f"(?<!{beside}){re.escape(id_)}(?!{beside})", text)
    return [range(*word.span()) for word in words]


def _inside(place: range, other: range) -> bool:
    """Whether `other` covers `place` and more."""
    return len(other) > len(place) and other.start <= place.start and place.stop <= other.stop


def read_roster(path: Path) -> dict[str, str]:
    """id -> learner and file -> learner, from a CSV with columns learner and id or file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = set(reader.fieldnames or ())
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FolderError(f"--roster {path}: cannot be read ({error})") from error
    if "learner" not in columns or not columns & {"id", "file"}:
        raise FolderError(
            f"--roster {path}: has columns {', '.join(sorted(map(str, columns))) or '(none)'};"
            " needs learner, and id or file (or both)"
        )
    known: dict[str, str] = {}
    for number, row in enumerate(rows, start=2):
        learner = (row.get("learner") or "").strip()
        keys = [key for name in ("id", "file") if (key := (row.get(name) or "").strip())]
        if not learner:
            raise FolderError(f"--roster {path}, line {number}: the learner is empty")
        for key in keys:
            if known.setdefault(key, learner) != learner:
                raise FolderError(
                    f"--roster {path}, line {number}: {key!r} belongs to {known[key]!r} and to"
                    f" {learner!r}; give each id and file once"
                )
    return known
