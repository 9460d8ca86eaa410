"""The instructor's page over a whole batch: scores, questions, mistakes, and every file."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from lora_course.checks.result import Outcome, Result
from lora_course.display.webpage import document, safe, scrolling_table
from lora_course.grading.feedback import MEANINGS
from lora_course.grading.records import Flag, Graded, Status

STYLE = """
a { color: var(--accent); }
tbody th { font-weight: 400; }
th:first-child { white-space: normal; min-width: 9rem; max-width: 24rem; }
tr.question > * { font-weight: 700; } tr.part th { padding-left: 1.5rem; }
.scores table, .statuses table { width: auto; }
.scores th:first-child { min-width: 4rem; text-align: right; }
.statuses th:first-child { min-width: 0; }
.scores :is(th, td):nth-child(2), .statuses :is(th, td):nth-child(3), .mistakes td:nth-child(2),
  .mistakes th:nth-child(2), .files :is(th, td):is(:nth-child(2), :nth-child(4)), .flags :is(th, td)
  { text-align: left; white-space: normal; }
.scores td { padding: 0 .45rem; min-width: min(34rem, 70vw); border-left: 2px solid var(--soft); }
.bar { display: inline-block; border-top: .95rem solid var(--accent); vertical-align: middle; }
tbody :is(th, td) { vertical-align: top; overflow-wrap: break-word; }
.files :is(th, td) { overflow-wrap: anywhere; } .files td:nth-child(4) { min-width: 7rem; }
.scores tbody :is(th, td) { vertical-align: middle; }
@media (max-width: 30rem) { .questions :is(thead th, td) { min-width: 0; white-space: normal; }
  .questions th:first-child { min-width: 7rem; } }
"""


@dataclass(frozen=True)
class FileRow:
    """What the page tells of one file."""

    file: str
    learner: str
    score: int
    max_score: int
    status: Status
    seconds: float
    page: str
    flags: tuple[Flag, ...] = ()


class Tally:
    """How a question fared, whole and part by part."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.outcomes: Counter[Outcome] = Counter()
        self.parts: dict[str, Counter[Outcome]] = {}

    def add(self, result: Result) -> None:
        """Count one file's result."""
        self.outcomes[result.outcome] += 1
        for finding in result.findings:
            self.parts.setdefault(finding.part, Counter())[finding.outcome] += 1


class Summary:
    """Takes in grades one by one and keeps a small row of each, so that a batch may be long."""

    def __init__(self) -> None:
        self._rows: list[FileRow] = []
        self._tallies: dict[str, Tally] = {}
        self._mistakes: Counter[tuple[str, str]] = Counter()

    def add(self, graded: Graded, page: str) -> None:
        """Count one file; `page` is the way from the summary to its feedback."""
        about = (graded.score, graded.max_score, graded.status, graded.seconds)
        self._rows.append(FileRow(graded.file, graded.learner, *about, page, graded.flags))
        for name, result in graded.results.items():
            self._tallies.setdefault(name, Tally(result.title)).add(result)
            self._mistakes.update((mistake, result.title) for mistake in set(result.mistakes))

    def html(self, chapter: int, absent: int = 0) -> str:
        """The whole page; `absent`: so many learners of the roster handed in nothing."""
        title = f"Chapter {chapter}: summary"
        parts = [f"<h1>{title}</h1>"]
        if self._rows:
            parts += [_answer(self._rows, absent), "<h2>Status</h2>", _statuses(self._rows)]
            parts += ["<h2>Scores</h2>", _scores(self._rows)]
            parts += ["<h2>Questions</h2>", _questions(self._tallies.values())]
            parts += ["<h2>Mistakes</h2>", _mistakes(self._mistakes)]
            if any(row.flags for row in self._rows):
                parts += ['<h2 id="judge">To judge</h2>', _flags(self._rows)]
            parts += ["<h2>Files</h2>", _files(self._rows)]
        else:
            parts.append("<p>No file was graded.</p>")
        return document(title, parts, STYLE)


def _answer(rows: Sequence[FileRow], absent: int) -> str:
    scores = [row.score for row in rows]
    odd = sum(row.status is not Status.OK for row in rows)
    files = Counter(row.learner for row in rows)
    several = sorted(learner for learner, count in files.items() if count > 1)
    lines = [
        f"<strong>{_many(len(rows), 'file')} of {_many(len(files), 'learner')} graded: median score"
        f" {statistics.median(scores):g}, mean {statistics.fmean(scores):.1f}, of"
        f" {_max_score(rows)} points</strong>"
    ]
    if absent:
        lines.append(f"{_many(absent, 'learner')} of the roster handed in nothing.")
    if several:
        lines.append(f"More than one file came from {safe(', '.join(several))}.")
    if odd:
        lines.append(
            f"{_many(odd, 'file')} did not run as expected: first in the list of files below."
        )
    flagged = sum(bool(row.flags) for row in rows)
    if flagged:
        lines.append(f'{_many(flagged, "file")} with <a href="#judge">something to judge</a>.')
    return f'<div class="answer">{"".join(f"<p>{line}</p>" for line in lines)}</div>'


def _flags(rows: Sequence[FileRow]) -> str:
    """What stands in a file that may be fair or not."""
    lines = [
        _line(row.file, row.learner, f"cell {flag.cell}" if flag.cell else "", flag.text)
        for row in rows
        for flag in row.flags
    ]
    return (
        _table("flags", "What to look at", ["file", "learner", "where", "what"], lines)
        + '<p class="soft">None of it has changed any points. A notebook can use the course\'s own'
        " functions, and can change whatever runs in its kernel: look at the lines and judge.</p>"
    )


def _statuses(rows: Sequence[FileRow]) -> str:
    counts = Counter(row.status for row in rows)
    lines = [
        _line(status.value, f"{counts[status]:,}", MEANINGS[status])
        for status in Status
        if counts[status]
    ]
    return _table("statuses", "Files by status", ["status", "files", "meaning"], lines)


def _scores(rows: Sequence[FileRow]) -> str:
    """A bar a score; its number of files stands beside it, so the bar only helps the eye."""
    counts = Counter(row.score for row in rows)
    most = max(counts.values())
    lines = [
        f'<tr><th scope="row">{score}</th><td>'
        f'<span class="bar" style="width:{75 * counts[score] / most:.1f}%"></span>'
        f" {counts[score]:,}</td></tr>"
        for score in range(_max_score(rows) + 1)
    ]
    label = "Distribution of scores: how many files got how many points"
    return _table("scores", label, ["score (points)", "number of files"], lines)


def _questions(tallies: Iterable[Tally]) -> str:
    lines = []
    for tally in tallies:
        lines.append(_line(tally.title, *_counts(tally.outcomes), look="question"))
        lines += [_line(part, *_counts(n), look="part") for part, n in tally.parts.items()]
    heads = ["question and its parts", "earned", "failed", "not attempted"]
    return (
        _table("questions", "How each question and part fared, in files", heads, lines)
        + '<p class="soft">Numbers of files. A question is earned when all its parts are, and not'
        " attempted when none of them is. A file that could not be read attempted nothing.</p>"
    )


def _counts(outcomes: Counter[Outcome]) -> tuple[str, str, str]:
    total = outcomes.total()
    earned, blank = outcomes[Outcome.CORRECT], outcomes[Outcome.NOT_ATTEMPTED]
    return f"{earned:,} ({earned / total:.0%})", f"{total - earned - blank:,}", f"{blank:,}"


def _mistakes(mistakes: Counter[tuple[str, str]]) -> str:
    if not mistakes:
        return "<p>No mistake was recognised by name.</p>"
    ordered = sorted(mistakes.items(), key=lambda item: (-item[1], item[0]))
    lines = [_line(name, title, f"{count:,}") for (name, title), count in ordered]
    return (
        _table(
            "mistakes", "Mistakes by how common they are", ["mistake", "question", "files"], lines
        )
        + '<p class="soft">A mistake counts once a file and question.</p>'
    )


def _files(rows: Sequence[FileRow]) -> str:
    """Files that did not run as expected come first."""
    lines = []
    for row in sorted(rows, key=lambda row: (row.status is Status.OK, row.file)):
        odd = row.status is not Status.OK
        status = f"<strong>{row.status.value}</strong>" if odd else row.status.value
        # "./" keeps a name that begins with // from being another machine's.
        link = safe("./" + quote(row.page, errors="surrogateescape"))
        lines.append(
            f'<tr><th scope="row"><a href="{link}">{safe(row.file)}</a></th>'
            f"<td>{status}</td><td>{row.score} / {row.max_score}</td>"
            f"<td>{safe(row.learner)}</td><td>{row.seconds:,.1f}</td></tr>"
        )
    heads = ["file, with its feedback", "status", "score", "learner", "time (s)"]
    return _table("files", "All files", heads, lines)


def _line(name: str, *cells: str, look: str = "") -> str:
    """A row of a table, all of it text."""
    return (
        (f'<tr class="{look}">' if look else "<tr>")
        + f'<th scope="row">{safe(name)}</th>'
        + "".join(f"<td>{safe(cell)}</td>" for cell in cells)
        + "</tr>"
    )


def _table(look: str, label: str, heads: Iterable[str], lines: Iterable[str]) -> str:
    return f'<div class="{look}">{scrolling_table(label, heads, lines)}</div>'


def _max_score(rows: Iterable[FileRow]) -> int:
    return max(row.max_score for row in rows)


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"
