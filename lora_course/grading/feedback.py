"""The page that a learner gets: what was right, what was not, and how to go on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lora_course.checks.question import Question
from lora_course.checks.result import AGAIN, Finding, Outcome, Result
from lora_course.display.webpage import document, safe
from lora_course.grading.records import CellNote, Graded, Status

MEANINGS = {
    Status.OK: "the notebook was run and every question checked",
    Status.UNREADABLE: "the file is not a notebook that can be run",
    Status.CHAPTER: "the file is another chapter's notebook, so it was not run",
    Status.TIME: "something took longer than is allowed and was stopped",
    Status.MEMORY: "something needed more memory than is allowed",
    Status.DIED: "something ended the kernel that ran the notebook",
    Status.GRADER: "the grader itself failed on this file",
}
KEPT = "Whatever could still be checked has kept its points."
RUN_ALL = "Then restart the kernel, run all cells, and see that each of them finishes."
ADVICE = {
    Status.UNREADABLE: "So no question could be checked. Open the file in Jupyter. If it opens,"
    " save it and hand it in again; if not, hand in a copy that does.",
    Status.CHAPTER: "So no question could be checked. Hand in the notebook of this chapter.",
    Status.TIME: f"{KEPT} Look for a loop that never ends, and for training with far more steps or"
    f" larger sizes than the exercise asks for. {RUN_ALL}",
    Status.MEMORY: f"{KEPT} Look for a list that keeps growing, and for tensors far larger than the"
    f" exercise asks for. {RUN_ALL}",
    Status.DIED: f"{KEPT} Look for exit() and quit(), and for a function that calls itself without"
    f" end. {RUN_ALL}",
    Status.GRADER: f"This need not be your doing. {KEPT} Show this page to your instructor and ask"
    " for the file to be graded again.",
}
NEVER_RUN = (Status.UNREADABLE, Status.CHAPTER)
CUT_SHORT = (Status.TIME, Status.GRADER)  # questions may be left that nobody came to

STYLE = """
main { max-width: 46rem; margin: 0 auto; }
code { font: .9em ui-monospace, monospace; white-space: pre-wrap; unicode-bidi: isolate; }
section { border-top: 1px solid var(--line); margin-top: 1.6rem; }
section h2 { margin: 1rem 0 0; }
.outcome { margin: 0 0 .6rem; font-weight: 700; }
.outcome, .parts > li > p { padding-left: 1.5em; text-indent: -1.5em; }
.sign { display: inline-block; width: 1.5em; text-indent: 0; }
.parts { list-style: none; padding: 0; } .parts > li { margin: .8rem 0; }
.parts p, .parts dl { margin: .25rem 0; } .parts .more { margin-left: 1.5em; }
.more dl { grid-template-columns: 5rem 1fr; gap: .1rem .8rem; }
.more dd { margin: 0; }
details { margin: .4rem 0; border: 1px solid var(--line); padding: .3rem .8rem; }
summary { cursor: pointer; font-weight: 700; } details p { margin: .4rem 0; }
"""


def page(graded: Graded, questions: Sequence[Question]) -> str:
    """The whole page, as HTML. Whatever comes from the submission is shown, and does nothing."""
    title = f"Chapter {graded.chapter}: feedback"
    parts = [f"<h1>{title}</h1>", _about(graded), _status(graded)]
    if graded.cells:
        parts.append(_cells(graded.cells))
    parts += [_question(question, graded) for question in questions]
    return document(f"{title} on {graded.file}", parts, STYLE)


def points(earned: int, most: int) -> str:
    """Points in words."""
    return f"{earned} of {most} point{'s' * (most != 1)}"


def _about(graded: Graded) -> str:
    return (
        f"<dl><dt>File</dt><dd><code>{safe(graded.file)}</code></dd>"
        f"<dt>Learner</dt><dd>{safe(graded.learner)}</dd></dl>"
    )


def _status(graded: Graded) -> str:
    """The score and how grading went, with what to do about it."""
    lines = [f"<strong>{points(graded.score, graded.max_score)}</strong>"]
    lines.append(f"Status: {graded.status.value}. {_sentence(MEANINGS[graded.status])}")
    if graded.reason:
        subject = "the file " if graded.status in NEVER_RUN else ""
        lines.append(f"What happened: {safe(subject + graded.reason)}.")
    if graded.status in ADVICE:
        lines.append(ADVICE[graded.status])
    return f'<div class="answer">{"".join(f"<p>{line}</p>" for line in lines)}</div>'


def _cells(notes: Sequence[CellNote]) -> str:
    left_out = " It was left out from then on: nothing that it defines was there."
    items = "".join(
        f"<li>Cell {note.cell} {safe(note.text)}.{left_out * note.left_out}</li>" for note in notes
    )
    return (
        f"<h2>Cells that did not finish</h2><ul>{items}</ul>"
        '<p class="soft">Only code cells count, from the top: cell 1 is the first of them. The'
        " cells below one that raised an error were run all the same.</p>"
    )


def _question(question: Question, graded: Graded) -> str:
    result = graded.results[question.name]
    sign, word = result.outcome.value
    lines = [
        f"<h2>{safe(question.title)}</h2>",
        f'<p class="outcome">{_sign(sign)}{word}, {points(result.points, result.max_points)}</p>',
    ]
    if result.outcome is Outcome.NOT_ATTEMPTED:
        lines += _beginning(question, result, graded.status)
    else:
        lines.append(f'<ul class="parts" role="list">{"".join(_parts(result))}</ul>')
    if result.outcome is not Outcome.CORRECT and graded.status not in NEVER_RUN:
        lines += [
            f"<details><summary>Hint {number}</summary><p>{safe(hint)}</p></details>"
            for number, hint in enumerate(question.hints, start=1)
        ]
    return f"<section>{''.join(lines)}</section>"


def _beginning(question: Question, result: Result, status: Status) -> Iterator[str]:
    """How to begin with a question of which nothing was there to check."""
    if status in NEVER_RUN:
        yield "<p>Not checked: the file was not run.</p>"
        return
    why = result.findings[0].message
    if why:
        yield f"<p>{safe(why)}</p>"
        return
    name = f" <code>{safe(question.function)}</code>" * bool(question.function)
    yield (
        f"<p>To begin: find the exercise{name} in your notebook, replace the dots with your own"
        " code, and run the cell: it checks your answer at once. Keep the function's name; the"
        " grader looks for it. Hint 1 says where to start.</p>"
    )
    if status in CUT_SHORT:
        yield "<p>If you have answered it: grading may have ended before it came to this.</p>"


def _parts(result: Result) -> Iterator[str]:
    for place, finding in enumerate(result.findings):
        sign, word = finding.outcome.value
        more = _explained(finding, result.findings[:place])
        yield (
            f"<li><p>{_sign(sign)}<strong>{safe(finding.part)}</strong>: {word},"
            f" {points(finding.earned, finding.points)}</p>"
            + f'<div class="more">{more}</div>' * bool(more)
            + "</li>"
        )


def _explained(finding: Finding, before: Sequence[Finding]) -> str:
    """What was called, returned and expected; the mistake and advice, unless given `before`."""
    if any(finding.explained_like(earlier) for earlier in before):
        return f"<p>{AGAIN}</p>"
    facts = "".join(
        f"<dt>{label}</dt><dd><code>{safe(text)}</code></dd>" for label, text in finding.facts()
    )
    lead = f"<strong>{_sentence(finding.mistake)}</strong> " * bool(finding.mistake)
    told = finding.advice() in [earlier.advice() for earlier in before]
    advice = AGAIN if told else lead + safe(finding.message)
    return f"<dl>{facts}</dl>" * bool(facts) + f"<p>{advice}</p>" * bool(finding.message)


def _sign(sign: str) -> str:
    """The sign of an outcome; a screen reader has the word beside it."""
    return f'<span class="sign" aria-hidden="true">{sign}</span>'


def _sentence(text: str) -> str:
    return f"{safe(text[:1].upper() + text[1:])}."
