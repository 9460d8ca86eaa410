"""How a check calls an answer, and what it remembers of it."""

import math

import pytest
import torch

from lora_course.checks.answer import AnswerError, CachedAnswer, LocalAnswer


def calls(*questions):
    """How often an answer runs that is asked these, each once and then all of them again."""
    asked = []
    answer = CachedAnswer(LocalAnswer(lambda question: asked.append(question) or len(asked)))
    first = [answer.call(question) for question in questions]
    assert [answer.call(question) for question in questions] == first
    return len(asked)


def with_last(size, last):
    """`size` zeros and then `last`."""
    return torch.tensor([0.0] * size + [last])


DIFFERENT = {
    "numbers' type": [1, 1.0, True],
    "sign of zero": [0.0, -0.0],
    "missing": [None, "None"],
    "tensors' type": [torch.ones(2, dtype=t) for t in (torch.float32, torch.bfloat16, torch.int8)],
    "truth values": [torch.ones(2), torch.ones(2).bool(), [True, True]],
    "tensor or list": [torch.ones(2), [1.0, 1.0]],
    "shape": [torch.ones(2, 3), torch.ones(3, 2), torch.ones(6), torch.ones(6, 1)],
    "empty shapes": [torch.ones(0, 3), torch.ones(3, 0), []],
    "no dimensions": [torch.tensor(1.0), torch.ones(1), 1.0],
    "turned": [torch.arange(4.0).reshape(2, 2), torch.arange(4.0).reshape(2, 2).T],
    "sixth digit": [{"a": with_last(1, 0.123401)}, {"a": with_last(1, 0.123404)}],
    "many numbers": [[with_last(2000, 1.0)], [with_last(2000, 2.0)]],
    "nesting": [[1, [2]], [[1], 2], [1, 2], [[1, 2]]],
    "keys": [{1: 2}, {"1": 2}, {2: 1}, [1, 2], [[1, 2]]],
    "list or tuple": [[1], (1,)],
}


@pytest.mark.parametrize("questions", DIFFERENT.values(), ids=DIFFERENT)
def test_different_questions_are_all_asked(questions):
    assert calls(*questions) == len(questions)


SAME = {
    "NaN": [math.nan, float("nan")],
    "tensor": [torch.ones(2, 2), torch.ones(2, 2).T, torch.nn.Parameter(torch.ones(2, 2))],
    "nested": [{"a": [torch.ones(2), "x"]}, {"a": [torch.ones(2), "x"]}],
}


@pytest.mark.parametrize("questions", SAME.values(), ids=SAME)
def test_the_same_question_is_asked_once(questions):
    assert calls(*questions) == 1


def test_what_a_part_does_to_an_answer_is_not_seen_by_the_next():
    answer = CachedAnswer(LocalAnswer(lambda: {"a": [1], "t": torch.ones(2)}))
    first = answer.call()
    first["a"].append(2)
    first["t"].zero_()
    second = answer.call()
    assert second["a"] == [1] and torch.equal(second["t"], torch.ones(2))


def test_errors_are_remembered_too():
    asked = []
    answer = CachedAnswer(LocalAnswer(lambda: asked.append(1) or 1 / 0))
    for _ in range(2):
        with pytest.raises(AnswerError, match="ZeroDivisionError"):
            answer.call()
    assert len(asked) == 1


class ClassEndsTheKernel:
    @property
    def __class__(self):
        raise SystemExit


def test_a_class_that_lies_is_not_asked():
    with pytest.raises(AnswerError, match="pass the function itself"):
        LocalAnswer(ClassEndsTheKernel()).call()


class ReprEndsTheKernel:
    def __repr__(self):
        raise SystemExit


class MessageEndsTheKernel(Exception):
    def __str__(self):
        raise SystemExit


def raises():
    raise MessageEndsTheKernel


@pytest.mark.parametrize(
    ("answer", "told"),
    [(lambda one, two=ReprEndsTheKernel(): 1, "raised TypeError"), (raises, "no message")],  # noqa: B008
)
def test_nothing_that_a_message_quotes_ends_the_kernel(answer, told):
    with pytest.raises(AnswerError, match=told):
        LocalAnswer(answer).call()
