"""What grading one file gave: a status, a result a question, and how they are written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

from lora_course.arguments import check_fields
from lora_course.checks.result import Finding, Outcome, Result

FORMAT = 2


class Status(Enum):
    """How grading a file went. Work that could be run keeps its points under any of them."""

    OK = "ok"
    UNREADABLE = "unreadable"
    CHAPTER = "another chapter"
    TIME = "time limit"
    MEMORY = "memory limit"
    DIED = "kernel died"
    GRADER = "grader error"


@dataclass(frozen=True)
class CellNote:
    """What happened in a cell that did not simply finish. `cell` counts code cells from 1."""

    cell: int
    text: str
    left_out: bool = False  # the kernel did not survive it: its work is not there


@dataclass(frozen=True)
class Flag:
    """Something for the instructor to judge; it changes no points."""

    cell: int  # counts code cells from 1; 0 for none
    text: str


@dataclass(frozen=True)
class Graded:
    """The grade of one file. `results` has every question of the chapter, in its order."""

    file: str
    learner: str
    chapter: int
    status: Status
    results: Mapping[str, Result]
    reason: str = ""
    seconds: float = 0.0
    cells: tuple[CellNote, ...] = field(default=())
    flags: tuple[Flag, ...] = field(default=())

    @property
    def score(self) -> int:
        """Points earned."""
        return sum(result.points for result in self.results.values())

    @property
    def max_score(self) -> int:
        """Points that the chapter is worth."""
        return sum(result.max_points for result in self.results.values())

    def as_json(self) -> dict[str, Any]:
        """Plain data for a file; `from_json` reads it back."""
        return {
            "format": FORMAT,
            "file": self.file,
            "learner": self.learner,
            "chapter": self.chapter,
            "status": self.status.value,
            "reason": self.reason,
            "seconds": self.seconds,
            "score": self.score,
            "max_score": self.max_score,
            "cells": [asdict(note) for note in self.cells],
            "flags": [asdict(flag) for flag in self.flags],
            "questions": {
                name: {
                    "title": result.title,
                    "points": result.points,
                    "max_points": result.max_points,
                    "outcome": result.outcome.value[1],
                    "parts": [_finding(finding) for finding in result.findings],
                }
                for name, result in self.results.items()
            },
        }

    @staticmethod
    def from_json(record: Mapping[str, Any]) -> Graded:
        """The grade that `as_json` wrote; ValueError for any other record."""
        if record.get("format") != FORMAT:
            raise ValueError(
                f"format={record.get('format')!r}: must be {FORMAT}, as this version's"
            )
        try:
            graded = Graded(
                record["file"],
                record["learner"],
                record["chapter"],
                Status(record["status"]),
                {name: _result(question) for name, question in record["questions"].items()},
                record["reason"],
                record["seconds"],
                tuple(CellNote(**note) for note in record["cells"]),
                tuple(Flag(**flag) for flag in record["flags"]),
            )
            for one in (graded, *graded.cells, *graded.flags):
                check_fields(one)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"record={record!r:.100}: is damaged ({error!r})") from error
        return graded


def _result(question: Mapping[str, Any]) -> Result:
    """The result that `as_json` wrote."""
    outcomes = {outcome.value[1]: outcome for outcome in Outcome}
    findings = [
        Finding(**{**part, "outcome": outcomes[part["outcome"]]}) for part in question["parts"]
    ]
    result = Result(question["title"], tuple(findings))
    for one in (result, *findings):
        check_fields(one)
    return result


def _finding(finding: Finding) -> dict[str, Any]:
    return {**asdict(finding), "outcome": finding.outcome.value[1]}
