"""Every fixture of chapter 4 gets its outcome, its named mistake and its words."""

import pytest

from lora_course.checks import ch04
from lora_course.checks.result import Outcome
from tests.checks.ch04_fixtures import TABLES

CASES = [
    pytest.param(
        question,
        fixture,
        id=f"{question}: {fixture.label}",
        marks=[pytest.mark.long] if question == "rank_comparison" and place > 5 else [],
    )
    for question, table in TABLES.items()
    for place, fixture in enumerate(table)
]


def answer_of(code):
    names: dict[str, object] = {}
    exec(code, names)
    return names["answer"]


@pytest.mark.parametrize(("question", "fixture"), CASES)
def test_fixture(question, fixture):
    result = getattr(ch04, question).check(answer_of(fixture.code))
    assert result.outcome is fixture.outcome, str(result)
    assert fixture.words in str(result)
    if fixture.mistake:
        assert fixture.mistake in result.mistakes, str(result)
    if fixture.outcome is Outcome.CORRECT:
        assert result.points == result.max_points > 0
    if fixture.outcome is Outcome.NOT_ATTEMPTED:
        assert result.points == 0
    assert result.points < result.max_points or fixture.outcome is Outcome.CORRECT


@pytest.mark.parametrize("question", ch04.QUESTIONS, ids=lambda question: question.name)
def test_each_question_has_its_fixtures(question):
    table = TABLES[question.name]
    outcomes = [fixture.outcome for fixture in table]
    assert Outcome.NOT_ATTEMPTED in outcomes and outcomes.count(Outcome.CORRECT) >= 2
    assert len({fixture.mistake for fixture in table if fixture.mistake}) >= 4


def test_ten_points_in_four_questions():
    assert [q.max_points for q in ch04.QUESTIONS] == [2, 2, 3, 3]


@pytest.mark.parametrize("question", ch04.QUESTIONS, ids=lambda question: question.name)
def test_the_solution_shown_is_right(question):
    code = question.solution().body
    names: dict[str, object] = {}
    imports = (
        "import statistics\nfrom lora_course import *\n"
        "from lora_course.checks import ch04\n"
        "from lora_course.tasks.matching import comparison_task\n"
    )
    *definition, check = code.splitlines()
    exec(imports + "\n".join(definition), names)
    result = eval(check, names)
    assert result.outcome is Outcome.CORRECT


@pytest.mark.parametrize("question", ch04.QUESTIONS, ids=lambda question: question.name)
def test_hints_go_further_and_say_where_they_end(question):
    assert question.hint().body != question.hint(2).body
    with pytest.raises(ValueError, match=r"number=3.*hints 1 to 2"):
        question.hint(3)


def test_partial_credit_comes_by_part():
    square_only = answer_of(
        "def answer(layer_dim, rank, num_layers=32):\n"
        "    d = layer_dim if isinstance(layer_dim, int) else layer_dim[0]\n"
        "    return 2 * rank * d * num_layers\n"
    )
    result = ch04.lora_params.check(square_only)
    assert (result.points, result.max_points) == (1, 2)
    assert result.findings[0].outcome is Outcome.CORRECT
