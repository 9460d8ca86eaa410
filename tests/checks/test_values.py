"""Which two plain values are the same."""

import math

import numpy
import pytest
import torch

from lora_course.checks.plain import to_plain
from lora_course.checks.values import differs, same

WHOLE = [torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64]
REAL = [torch.float16, torch.bfloat16, torch.float32, torch.float64]


@pytest.mark.parametrize("dtype", WHOLE + REAL + [torch.complex64], ids=str)
def test_tensors_of_every_type_are_the_same_as_themselves_only(dtype):
    ones, zeros = torch.ones(2, dtype=dtype), torch.zeros(2, dtype=dtype)
    assert same(ones, ones) and same(zeros, zeros) and same(ones, ones.clone(), 0.01)
    assert not same(ones, zeros, 0.01) and not same(zeros, ones, 0.01)
    others = [other for other in WHOLE + REAL if other is not dtype]
    assert not any(same(ones.real.to(other), ones, 0.01) for other in others)


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        (torch.uint8, 0, 255),
        (torch.int8, -128, 127),
        (torch.int8, -128, -127),
        (torch.int64, -(2**63), 2**63 - 1),
        (torch.int64, 2**53, 2**53 + 1),
        (torch.float16, -65504.0, 65504.0),
    ],
)
def test_differences_do_not_overflow(dtype, low, high):
    one, other = (torch.tensor([number, 100], dtype=dtype) for number in (low, high))
    assert same(one, one.clone(), 0.01) and same(other, other.clone())
    assert not same(one, other, 0.01) and not same(other, one, 0.01)


def test_whole_numbers_in_tensors_must_be_equal_too():
    assert not same(torch.tensor([1000]), torch.tensor([1001]), 0.01)
    assert same(torch.tensor([1000.0]), torch.tensor([1001.0]), 0.01)


def test_complex_numbers_differ_in_either_part():
    assert not same(torch.tensor([1 + 1j]), torch.tensor([1 + 2j]), 0.01)


def test_empty_tensors_are_the_same_when_shape_and_type_are():
    assert same(torch.zeros(0, 2), torch.zeros(0, 2))
    assert not same(torch.zeros(0, 2), torch.zeros(2, 0))
    assert not same(torch.zeros(0), torch.zeros(0, dtype=torch.int64))
    assert not same([], torch.zeros(0, 2)) and same([], torch.zeros(0))


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_nothing_is_the_same_as_a_number_that_is_not_finite(odd):
    for other in (odd, 1.0, 0, 10**400):
        assert not same(odd, other, 0.1) and not same(other, odd, 0.1)
        assert not same(other, float(odd), 0.1)
    for other in (torch.tensor([odd, 1.0]), torch.ones(2)):
        assert not same(other, torch.tensor([odd, 1.0]), 0.1)
        assert not same(torch.tensor([odd, 1.0]), other, 0.1)


def test_whole_numbers_for_floats_as_far_as_a_float_reaches():
    assert same(2**1010, 2.0**1010) and same(2, 2.0) and not same(True, 1.0)
    for large in (10**400, -(10**400)):
        assert not same(large, 1.0, 0.1) and not same([large], torch.ones(1), 0.1)
        assert differs({"a": large, "b": 1}, {"a": 1.0, "b": 1}, 0.1)[0] == ""


def test_arrays_are_as_good_as_tensors():
    for tensor in (torch.eye(2), torch.arange(4).reshape(2, 2), torch.eye(2).bool()):
        assert same(to_plain(tensor.numpy()), tensor)
        assert not same(to_plain(~tensor.bool().numpy()), tensor)
    assert same(to_plain(numpy.ones(2)), torch.ones(2))  # float64, as numpy's numbers mostly are
    assert not same([1.0, 2.0], torch.tensor([1, 2])) and not same([1, 0], torch.eye(2).bool()[0])


def test_lists_and_tensors_are_no_substitute_where_they_are_mixed():
    ones = torch.ones(2)
    assert not same([ones, ones], torch.ones(2, 2)) and not same(ones, [1.0, 1.0])
    assert same([ones, 1], [ones.clone(), 1]) and not same([ones, 1], [1, ones])
    assert not same([[1.0], [1.0, 2.0]], ones) and not same(["a"], ones) and not same([{}], ones)
    assert not same([1, 2], torch.ones(1)) and not same([[1]], torch.tensor([1]))
