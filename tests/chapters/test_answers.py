"""Every fixture of every chapter gets its outcome, its named mistake and its words."""

import nbformat
import pytest

from lora_course.authoring.build import student_path
from lora_course.checks.result import Outcome
from tests.chapters.fixture import answer_of, answers_of, own_draws
from tests.conftest import CHECK_SEED, NOTEBOOKS, ROOMS

TABLES = {
    question.key: answers_of(room)[question.name] for room in ROOMS for question in room.questions()
}
QUESTIONS = [question for room in ROOMS for question in room.questions()]
every_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.key)


@pytest.mark.parametrize(
    ("question", "fixture"),
    [
        pytest.param(
            question,
            fixture,
            id=f"{question.key}: {fixture.label}",
            marks=[pytest.mark.long] if fixture.long else [],
        )
        for question in QUESTIONS
        for fixture in TABLES[question.key]
    ],
)
def test_fixture(question, fixture, seed):
    result = question.check(answer_of(fixture.code), seed)
    assert result.outcome is fixture.outcome, str(result)
    assert fixture.words in str(result)
    if fixture.mistake:
        assert fixture.mistake in result.mistakes, str(result)
    if fixture.outcome is Outcome.CORRECT:
        assert result.points == result.max_points > 0
    if fixture.outcome is Outcome.NOT_ATTEMPTED:
        assert result.points == 0
    assert result.points < result.max_points or fixture.outcome is Outcome.CORRECT


@pytest.mark.long
@pytest.mark.parametrize("again", range(20))
def test_no_wrong_answer_passes_by_luck_and_no_right_one_fails(again, seed):
    for room in ROOMS:
        for question in room.questions():
            if question.name not in own_draws(room):
                for fixture in TABLES[question.key]:
                    test_fixture(question, fixture, seed)


@every_question
def test_a_seed_draws_the_same_again(question):
    fixtures = TABLES[question.key]
    wrong = next(f for f in fixtures if f.outcome is Outcome.INCORRECT and not f.long)

    def called(seed):
        findings = question.check(answer_of(wrong.code), seed).findings
        return tuple(finding.called for finding in findings)

    calls = list(map(called, range(6)))
    assert calls == list(map(called, range(6)))
    assert len(set(calls)) > 1


def test_a_failure_shows_its_seed_and_can_be_repeated(request, monkeypatch, capsys):
    monkeypatch.setenv(CHECK_SEED, "123")
    assert request.getfixturevalue("seed") == 123
    assert "CHECK_SEED=123" in capsys.readouterr().out


@every_question
def test_each_question_has_its_fixtures(question):
    table = TABLES[question.key]
    outcomes = [fixture.outcome for fixture in table]
    assert Outcome.NOT_ATTEMPTED in outcomes and outcomes.count(Outcome.CORRECT) >= 2
    named = {fixture.mistake for fixture in table if fixture.mistake}
    assert len(named) >= 4, f"{question.key}: names {sorted(named)}; four mistakes at least"


def test_each_table_is_of_a_question_that_there_is():
    for room in ROOMS:
        assert list(answers_of(room)) == [question.name for question in room.questions()]


@every_question
def test_the_solution_shown_is_right(question):
    (room,) = (room for room in ROOMS if question in room.questions())
    notebook = nbformat.read(str(student_path(room, NOTEBOOKS)), as_version=4)
    imports = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    names: dict[str, object] = {}
    *definition, check = question.solution().body.splitlines()
    exec(imports + "\n" + "\n".join(definition), names)
    assert eval(check, names).outcome is Outcome.CORRECT


def lines_of_solution(question):
    """What the lines of the solution work out, without spaces; short ones say nothing."""
    lines = (line.partition("#")[0] for line in question.solution().body.splitlines())
    worked_out = (line.removeprefix("return ") for line in map(str.strip, lines))
    parts = {"".join(part.split()) for line in worked_out for part in line.split(" = ")}
    return {part for part in parts if len(part) >= 15}


@every_question
def test_hints_go_further_and_say_where_they_end(question):
    count = len(question.hints)
    assert count >= 3 and len(set(question.hints)) == count
    for hint in question.hints:
        given = [line for line in lines_of_solution(question) if line in "".join(hint.split())]
        assert not given, f"{question.key}: a hint gives away {given}"
    assert f"only {count} hints" in str(question.hint(count + 1))
    assert f"{question.key}.solution()" in str(question.hint(count + 1))


@every_question
def test_a_question_shown_by_itself_says_what_to_call_and_no_hint(question):
    assert f"{question.key}.check({question.function})" in repr(question)
    assert not any(hint in repr(question) for hint in question.hints)
    for number in (0, -1, "x", None, 1.0, True, [], object()):
        assert f"numbered 1 to {len(question.hints)}" in str(question.hint(number))
