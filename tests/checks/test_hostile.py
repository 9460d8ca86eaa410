"""Checks never crash, whatever a learner passes, and are never fooled by it."""

import collections
import dataclasses
import itertools

import numpy
import pytest
import torch

from lora_course.checks.plain import BlankError, NotPlainError, show, to_plain
from lora_course.checks.question import MAX_TEXT
from lora_course.checks.result import Finding, Outcome, Result
from tests.chapters.fixture import answers_of
from tests.conftest import ROOMS
from tests.example import DECISION, FIRST

# All values against one question, and some against each: they are read by the same code.
SOME = 8


def pairs(values):
    """Each value with the example, and some of them, in turn, with every other question."""
    chosen = [(FIRST, name) for name in values]
    names = list(values)
    for place, question in enumerate(one for one in QUICK if one is not FIRST):
        chosen += [(question, names[(place + SOME * step) % len(names)]) for step in range(SOME)]
    return pytest.mark.parametrize(
        ("question", "value"),
        [
            pytest.param(question, values[name], id=f"{question.key}: {name}")
            for question, name in dict.fromkeys(chosen)
        ],
    )


QUICK = [
    question
    for room in ROOMS
    for question in room.questions()
    if not any(fixture.long for fixture in answers_of(room)[question.name])
]


class AlwaysEqual:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0

    def __le__(self, other):
        return True

    __ge__ = __lt__ = __gt__ = __le__


class LyingInt(int):
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0


class EqualToEveryType(type):
    def __eq__(cls, other):
        return True

    def __hash__(cls):
        return 0


class SameTypeAsAll(metaclass=EqualToEveryType):
    def items(self):
        raise AssertionError("a learner's method was run")

    __iter__ = __len__ = items


class OwnDict(dict):
    def items(self):
        raise AssertionError("a learner's method was run")


class PretendsToBeInt(AlwaysEqual):
    @property
    def __class__(self):
        return int


class CannotBeShown:
    def __repr__(self):
        raise RuntimeError("no repr")

    def __str__(self):
        raise RuntimeError("no str")


class RaisesBadly(Exception):
    def __str__(self):
        raise RuntimeError("no message either")


class Escape(BaseException):
    pass


def raising(error):
    def answer(*arguments):
        raise error

    return answer


def recursive():
    loop: list = []
    loop.append(loop)
    return loop


@dataclasses.dataclass(slots=True)
class Slotted:
    rank: int = 4


class Exploding(numpy.float64):
    __module__ = "numpy"

    def item(self):
        raise RuntimeError("boom")


VALUES = {
    "dataclass with slots": Slotted(),
    "number that explodes": Exploding(1.0),
    "always equal": AlwaysEqual(),
    "int that lies": LyingInt(3),
    "claims to be int": PretendsToBeInt(),
    "of a type equal to all": SameTypeAsAll(),
    "own dict": OwnDict(rank=4),
    "dict of huge ints": dict.fromkeys(("rank", "adapter_mb", "optimizer_mb"), 10**6000),
    "model": torch.nn.Linear(2, 2),
    "model in a dict": {"rank": torch.nn.Linear(2, 2)},
    "cannot be shown": CannotBeShown(),
    "infinite generator": (n for n in itertools.count()),
    "tensor of another shape": torch.zeros(3, 4),
    "tensor of another type": torch.zeros(2, dtype=torch.complex64),
    "meta tensor": torch.zeros(2, device="meta"),
    "dict of NaN": {"A": torch.full((1, 2), torch.nan), "B": torch.full((2, 1), torch.nan)},
    "dict of meta tensors": dict.fromkeys("AB", torch.zeros(1, 2, device="meta")),
    "dict of sparse tensors": dict.fromkeys("AB", torch.eye(2).to_sparse()),
    "dict of complex tensors": dict.fromkeys("AB", torch.zeros(2, 1, dtype=torch.complex64)),
    "dict of empty tensors": dict.fromkeys("AB", torch.zeros(0, 2)),
    "dict of ragged lists": {key: [[1.0], [2.0, 3.0], "x"] for key in "AB"},
    "array": numpy.zeros(3),
    "object array": numpy.array([AlwaysEqual()], dtype=object),
    "huge int": 10**6000,
    "huge text": "x" * 10**6,
    "huge list": [0] * 10**6,
    "recursive list": recursive(),
    "NaN": float("nan"),
    "infinity": float("inf"),
    "class": AlwaysEqual,
    "function": print,
    "odd keys": {AlwaysEqual(): 1},
    "markup": "<script>alert(1)</script>",
    "dict of markup": {"<b>": "</code><script>"},
}


@pairs(VALUES)
def test_no_returned_value_passes_or_crashes(question, value, seed):
    result = question.check(lambda *arguments: value, seed)
    assert result.points == 0
    assert result.outcome in (Outcome.INCORRECT, Outcome.ERROR)
    assert "<script" not in result._repr_html_() and str(result)


ANSWERS = {
    "None": None,
    "class": AlwaysEqual,
    "number": 5,
    "lying object": AlwaysEqual(),
    "cannot be shown": CannotBeShown(),
    "wrong signature": lambda: 1,
    "keyword only": lambda *, a: 1,
    "generator function": (lambda *a: (yield 1)),
    "coroutine-like": itertools.count(),
    "tensor": torch.zeros(2),
    "builtin": print,
}


@pairs(ANSWERS)
def test_no_answer_crashes_a_check(question, value, seed):
    result = question.check(value, seed)
    assert result.points == 0 and result.outcome is not Outcome.CORRECT
    assert result._repr_html_() and str(result)


@pytest.mark.parametrize(
    "error",
    [SystemExit(0), RaisesBadly(), Escape(), RecursionError(), MemoryError(), StopIteration()],
    ids=lambda error: type(error).__name__,
)
def test_no_exception_escapes(error):
    result = FIRST.check(raising(error))
    assert result.outcome is Outcome.ERROR and type(error).__name__ in str(result)


def test_an_interrupt_does_stop_a_check():
    with pytest.raises(KeyboardInterrupt):
        FIRST.check(raising(KeyboardInterrupt()))


def test_a_wrong_signature_is_explained():
    text = str(FIRST.check(lambda dim: dim))
    assert "(dim)" in text and "keep the parameters" in text


def test_a_call_instead_of_the_function_is_explained():
    assert "without calling it" in str(FIRST.check(1024))


def test_answers_cannot_change_the_checks_own_arguments():
    def answer(ranks, accuracies):
        ranks.clear()
        accuracies.clear()
        return {"rank": 4}

    assert DECISION.check(answer).outcome is Outcome.INCORRECT


def test_plain_data_is_a_copy_and_bounded():
    tensor = torch.ones(2)
    plain = to_plain({"a": [1, (2.5, None)], "t": tensor})
    assert plain["a"] == [1, [2.5, None]]
    plain["t"] += 1
    assert torch.equal(tensor, torch.ones(2))
    ordered = collections.OrderedDict(a=1), collections.defaultdict(list, a=1)
    assert [(type(p), p) for p in map(to_plain, ordered)] == [(dict, {"a": 1})] * 2
    assert to_plain(numpy.float32(0.5)) == 0.5 and to_plain(numpy.arange(2)) == [0, 1]
    with pytest.raises(BlankError):
        to_plain([...])
    for value in (LyingInt(1), AlwaysEqual(), {LyingInt(1): 2}, (x for x in ())):
        with pytest.raises(NotPlainError):
            to_plain(value)


def test_shown_values_stay_short():
    assert all(
        len(show(value)) < 200 for value in (10**5000, [10**5000], [1] * 9999, "y" * 9999, {})
    )


def test_tensors_are_shown_in_one_short_line_wherever_they_stand():
    tensors = {"A": torch.zeros(9, 9), "B": torch.zeros(2, 2, 2)}
    for value in ([tensors["A"]], [[1, tensors]], {"runs": [tensors]}, [tensors] * 40):
        text = show(value)
        assert "9×9" in text and "\n" not in text and len(text) <= 1600
    assert show({f"layer {i}": torch.zeros(2) for i in range(1000)}) == "a dict of 1,000 items"
    assert show([torch.ones(1), 2]) == "[tensor([1.0]); 2]"


def test_a_message_that_quotes_an_answer_stays_short():
    numbers = [1] * 9999
    result = FIRST.check(lambda one, two=numbers, *, three: 1)
    assert result.outcome is Outcome.ERROR and "keep" not in str(result)
    assert all(len(finding.message) <= MAX_TEXT for finding in result.findings)


def test_advice_that_several_parts_share_is_shown_once():
    wrong = Finding("one", 1, Outcome.INCORRECT, "<b>mend</b> it", "f()", "3", "4", "slip")
    other = dataclasses.replace(wrong, part="other", got="5")
    findings = (wrong, dataclasses.replace(wrong, part="two"), other)
    result = Result("title", findings)
    assert str(result).count("mend") == 2 and str(result).count("same reason as above") == 1
    html = result._repr_html_()
    assert html.count("mend") == 2 and "<b>" not in html and "same reason as above" in html
    right = tuple(Finding(name, 1, Outcome.CORRECT) for name in "ab")
    assert "above" not in str(Result("title", right))


def test_a_partly_right_answer_could_be_used():
    right, failed = (Finding("p", 1, o, "m") for o in (Outcome.CORRECT, Outcome.ERROR))
    assert Result("title", (right, failed)).outcome is Outcome.INCORRECT
    assert Result("title", (failed, failed)).outcome is Outcome.ERROR
    assert "not yet, 1 of 2 points" in str(Result("title", (failed, right)))


def test_results_are_escaped_and_readable_without_colour():
    finding = Finding("<i>", 1, Outcome.INCORRECT, "<b>", "f('<a>')", "<u>", "<s>", "m")
    html = Result("<h1>", (finding,))._repr_html_()
    assert not any(tag in html for tag in ("<i>", "<b>", "<a>", "<u>", "<s>", "<h1>"))
    assert 'aria-label="not yet"' in html and 'role="status"' in html
    assert "color:" not in html.replace("border", "")
