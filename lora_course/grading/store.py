"""The output folder: a result a file, kept at once, and found again by the next run."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lora_course import __version__
from lora_course.chapters.rooms import questions_of
from lora_course.files import read_object, write_whole
from lora_course.grading.grade import Job
from lora_course.grading.notebook import UnreadableError, read_bytes
from lora_course.grading.records import Graded, Status


class StoreError(ValueError):
    """The output folder cannot be used; the message says why and what to do."""


class GradeStore:
    """`folder` with results/*.json, feedback/*.html and run.json, which keeps the seed."""

    def __init__(self, folder: Path, seed: str | None) -> None:
        self.folder = folder
        try:
            for name in ("results", "feedback"):
                (folder / name).mkdir(parents=True, exist_ok=True)
            self.seed = self._seed(seed)
        except OSError as error:
            raise StoreError(
                f"--out {folder}: cannot be written ({error.strerror}); choose another folder"
            ) from error

    def _seed(self, seed: str | None) -> str:
        """The seed given, or the one that an earlier run wrote down, or a fresh one."""
        kept = self.folder / "run.json"
        if seed is None and kept.exists():
            seed = read_object(kept).get("seed")
            if not isinstance(seed, str):
                raise StoreError(
                    f"{kept}: holds no seed that can be read; give the --seed of the run that wrote"
                    " it, or another --out"
                )
        seed = secrets.token_hex(8) if seed is None else seed
        write_whole(kept, _json({"seed": seed, "version": __version__}))
        return seed

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
        content = hashlib.sha256(read_bytes(Path(job.path))).hexdigest()
    except UnreadableError as error:
        content = str(error)
    settings = {**asdict(job), "path": "", "content": content, "version": __version__}
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
