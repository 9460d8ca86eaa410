"""The output folder: a result a file, kept at once, and found again by the next run.

The table of grades is written anew by every run. Whoever has changed it by hand finds it again
beside the new one.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from lora_course import __version__
from lora_course.chapters.rooms import questions_of, room_of
from lora_course.files import PACKAGE, read_object, write_whole
from lora_course.grading.grade import Job
from lora_course.grading.notebook import UnreadableError, read_bytes
from lora_course.grading.records import Graded, Status

RUN, GRADES = "run.json", "grades.csv"


class StoreError(ValueError):
    """The output folder cannot be used; the message says why and what to do."""


class GradeStore:
    """`folder` with results/*.json, feedback/*.html and run.json, which keeps the seed."""

    def __init__(self, folder: Path, seed: str | None) -> None:
        self.folder = folder
        self._written = ""  # how the table is known that this or the last run wrote
        self._content = hashlib.sha256()  # of this run's table so far
        try:
            for name in ("results", "feedback"):
                (folder / name).mkdir(parents=True, exist_ok=True)
            self._written = str(read_object(folder / RUN).get("grades", ""))
            self.seed = self._seed(seed)
            self.edited = self._keep_edited()  # a table that someone changed since
            self._note()
        except OSError as error:
            raise StoreError(
                f"--out {folder}: cannot be written ({error.strerror}); choose another folder"
            ) from error

    def _seed(self, seed: str | None) -> str:
        """The seed given, or the one that an earlier run wrote down, or a fresh one."""
        kept = self.folder / RUN
        if seed is None and kept.exists():
            seed = read_object(kept).get("seed")
            if not isinstance(seed, str):
                raise StoreError(
                    f"{kept}: holds no seed that can be read; give the --seed of the run that wrote"
                    " it, or another --out"
                )
        return secrets.token_hex(8) if seed is None else seed

    def _note(self) -> None:
        """Write down what the next run has to know."""
        record = {"seed": self.seed, "version": __version__, "grades": self._written}
        write_whole(self.folder / RUN, _json(record))

    def _keep_edited(self) -> Path | None:
        """Set a table aside that is not as it was left; where it then is."""
        table = self.folder / GRADES
        if not table.exists() or _hash(table.read_bytes()) == self._written:
            return None
        numbers = itertools.count(1)
        aside = (self.folder / f"grades.edited-{number}.csv" for number in numbers)
        free = next(path for path in aside if not path.exists())
        table.replace(free)
        return free

    def write_grades(self, lines: str, *, more: bool = False) -> None:
        """Write the table, or `more` lines at its end."""
        table = self.folder / GRADES
        if more:
            with table.open("a", encoding="utf-8", newline="") as file:
                file.write(lines)
        else:
            write_whole(table, lines.encode())
            self._content = hashlib.sha256()
        self._content.update(lines.encode())
        self._written = self._content.hexdigest()
        self._note()

    def done(self, page: str, job: Job) -> Graded | None:
        """The grade that need not be made again: the grader's own failures are tried again."""
        graded = self.kept(page, job)
        return None if graded is None or graded.status is Status.GRADER else graded

    def kept(self, page: str, job: Job) -> Graded | None:
        """The grade of the same content under the same settings, if there is one."""
        record = read_object(self.folder / "results" / f"{page}.json")
        if record.get("graded_as") != _key(job):
            return None
        try:
            graded = Graded.from_json(record)
        except ValueError:
            return None
        questions = [question.name for question in questions_of(job.chapter)]
        return graded if list(graded.results) == questions else None

    def keep(self, page: str, job: Job, graded: Graded, html: str) -> None:
        """Write result and page, each whole or not at all."""
        record = {**graded.as_json(), "graded_as": _key(job)}
        write_whole(self.folder / "feedback" / f"{page}.html", html.encode())
        write_whole(self.folder / "results" / f"{page}.json", _json(record))


def _json(record: Mapping[str, Any]) -> bytes:
    return (json.dumps(record, indent=1) + "\n").encode()


def _key(job: Job) -> str:
    """Changes with all that the grade depends on: the file's content, the settings, the course."""
    try:
        content = hashlib.sha256(read_bytes(Path(job.path), job.notebook_mb)).hexdigest()
    except UnreadableError as error:
        content = str(error)
    settings = {**asdict(job), "path": "", "content": content, "course": _course(job.chapter)}
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


@cache
def _course(chapter: int) -> str:
    """Changes with the chapter's questions and with how they are checked and graded."""
    folders = (room_of(chapter).folder, PACKAGE / "checks", PACKAGE / "grading")
    found = hashlib.sha256(__version__.encode())
    for path in sorted(path for folder in folders for path in folder.iterdir() if path.is_file()):
        found.update(f"{path.name}\n{_hash(path.read_bytes())}\n".encode())
    return found.hexdigest()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
