"""Finished runs on disk, one small file each: a comparison that is stopped goes on later."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lora_course.compare.records import Job, Run
from lora_course.compare.settings import FREE_TO_CHANGE, Settings
from lora_course.files import read_object, write_whole

NEEDED_BYTES = 50_000_000


class StoreError(Exception):
    """The folder cannot take results; what is finished is kept."""


class RunStore:
    """The folder of one comparison. Opening it makes it, or finds the runs of an earlier start."""

    def __init__(self, folder: Path, settings: Settings, data: str, weights: str) -> None:
        self.folder = folder
        self._runs = folder / "runs"
        asked = {"fingerprint": settings.fingerprint(), "data": data, "weights": weights}
        try:
            self._runs.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(folder).free
            if free < NEEDED_BYTES:
                raise StoreError(
                    f"{folder}: only {free / 1e6:.0f} MB are free there; at least"
                    f" {NEEDED_BYTES / 1e6:.0f} are needed. Free some, or give another --out"
                )
            known = read_object(folder / "settings.json")
            if not known and any(self._runs.glob("rank-*.json")):
                raise StoreError(
                    f"{folder}: holds runs, and no settings.json that says of what; give another"
                    " --out, or delete it"
                )
            if not known:
                write_whole(folder / "settings.json", to_json(asked | settings.as_dict()).encode())
            elif {key: known.get(key) for key in asked} != asked:
                raise StoreError(
                    f"{folder}: holds runs of another model, other settings or other data"
                    f" ({_changed(known, asked, settings)}); give another --out, or delete it"
                )
        except OSError as error:
            raise StoreError(f"{folder}: cannot be written: {error.strerror}") from error

    def _path(self, job: Job) -> Path:
        rank, rate, seed = job
        return self._runs / f"rank-{rank}_rate-{rate!r}_seed-{seed}.json"

    def load(self, job: Job) -> Run | None:
        """A finished run, exactly as it was saved; None when there is none that can be used."""
        try:
            run = Run.of(read_object(self._path(job)))
        except ValueError:  # damaged, or another program's: it is run again
            return None
        return run if run.job == job else None

    def save(self, run: Run) -> None:
        """Keep a finished run; StoreError when the disk does not take it."""
        try:
            write_whole(self._path(run.job), to_json(asdict(run)).encode())
        except OSError as error:
            raise StoreError(
                f"{self.folder}: a finished run could not be saved: {error.strerror}. What was"
                " saved before is kept: free some space, and give the same command again"
            ) from error


def _changed(known: dict[str, Any], asked: dict[str, str], settings: Settings) -> str:
    """What differs between what the folder holds and what is asked, in words."""
    if not asked.keys() <= known.keys():
        return "an earlier version of this program made it"
    now = json.loads(to_json(settings.as_dict()))
    words = [
        f"{key}={known.get(key)!r} then, {value!r} now"
        for key, value in now.items()
        if key not in FREE_TO_CHANGE and known.get(key) != value
    ]
    words += [f"the {key} changed" for key in ("data", "weights") if known.get(key) != asked[key]]
    return ", ".join(words)


def to_json(data: Any) -> str:
    """Data as text; numbers keep every digit."""
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"
