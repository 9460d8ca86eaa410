"""Arguments are taken in every type that fits, and refused by name."""

import math
from fractions import Fraction

import numpy
import pytest
import torch

from lora_course.arguments import positive, whole

REAL = [
    1,
    0.001,
    numpy.float32(0.001),
    numpy.float16(0.5),
    numpy.longdouble(0.5),
    numpy.int64(1),
    numpy.uint8(200),
    Fraction(1, 3),
]


@pytest.mark.parametrize("value", REAL, ids=lambda value: type(value).__name__)
def test_any_real_number_above_0_is_positive(value):
    number = positive("alpha", value)
    assert type(number) is float and number == float(value)


NOT_POSITIVE = [
    *(True, None, "1", 1j, [1.0]),
    *(0, -1, 0.0, math.nan, math.inf, -math.inf, 10**400, Fraction(1, 10**400)),
    *map(numpy.float32, (0, -1, "nan", "inf")),
    *(numpy.True_, numpy.ones(1), numpy.complex64(1), numpy.int64(0)),
    *(torch.tensor(1.0), torch.ones(1)),
]


@pytest.mark.parametrize("value", NOT_POSITIVE, ids=lambda value: type(value).__name__)
def test_nothing_else_is_positive(value):
    with pytest.raises(ValueError, match=r"alpha=.*: must be a (finite )?number above 0"):
        positive("alpha", value)


@pytest.mark.parametrize("value", [3, numpy.int64(3), numpy.uint8(3)], ids=repr)
def test_any_type_of_whole_numbers_is_whole(value):
    number = whole("rank", value)
    assert type(number) is int and number == 3


NOT_WHOLE = [
    *(True, None, "3", 3.0, 0, -1, int),
    *(numpy.float64(3), numpy.True_, numpy.array(3.5), numpy.array([1, 2]), torch.tensor(3.5)),
]


@pytest.mark.parametrize("value", NOT_WHOLE, ids=repr)
def test_nothing_else_is_whole(value):
    with pytest.raises(ValueError, match=r"rank=.*: must be a whole number of at least 1"):
        whole("rank", value)
