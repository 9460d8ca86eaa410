"""What is read as plain data: of which classes, how much, and with nothing of theirs run."""

import collections
import dataclasses
import typing

import numpy
import pytest
import torch

from lora_course.checks.plain import MAX_DEPTH, MAX_KEYS, MAX_VALUES, NotPlainError, to_plain


class Pair(typing.NamedTuple):
    rank: int
    alpha: float = 2.0


@dataclasses.dataclass(slots=True)
class Base:
    rank: int = 4


@dataclasses.dataclass(slots=True)
class Slotted(Base):
    alpha: float = 8.0
    seeds: list[int] = dataclasses.field(default_factory=lambda: [1])


@dataclasses.dataclass(frozen=True, slots=True, weakref_slot=True)
class Frozen(typing.Generic[typing.TypeVar("Number")]):
    rank: int = 4


@dataclasses.dataclass
class HalfSlotted(Base):
    alpha: float = 8.0
    kind: typing.ClassVar[str] = "not a field of it"


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Pair(4), [4, 2.0]),
        (collections.namedtuple("Old", "a b")(1, Pair(2)), [1, [2, 2.0]]),
        (torch.zeros(2, 3).shape, [2, 3]),
        (torch.tensor([1, 3, 2]).max(0), [torch.tensor(3), torch.tensor(1)]),
        (Slotted(), {"rank": 4, "alpha": 8.0, "seeds": [1]}),
        (Frozen(), {"rank": 4}),
        (HalfSlotted(), {"rank": 4, "alpha": 8.0}),
        ({"runs": [Slotted(1, 2.0, [])]}, {"runs": [{"rank": 1, "alpha": 2.0, "seeds": []}]}),
        (numpy.longdouble(0.5), 0.5),
        (numpy.array([0.5, 1e30], dtype=numpy.longdouble), [0.5, 1e30]),
        (numpy.array(["a", None, 2], dtype=object), ["a", None, 2]),
        ({numpy.int64(4): numpy.True_}, {4: True}),
    ],
    ids=str,
)
def test_plain_data_is_read_whatever_holds_it(value, plain):
    read = to_plain(value)
    assert read == plain and repr(read) == repr(plain)


def test_a_field_that_is_not_there_is_left_out():
    value = Slotted()
    del value.alpha
    assert to_plain(value) == {"rank": 4, "seeds": [1]}


def ran(*arguments, **named):
    raise AssertionError("a learner's code was run")


class Watching(type):
    __getattribute__ = __instancecheck__ = __subclasscheck__ = __eq__ = ran
    __hash__ = type.__hash__


class Watched(metaclass=Watching):
    """A dataclass with slots, of which every way to look at it but the descriptors' runs code."""

    __slots__ = ("__dict__", "rank")
    __dataclass_fields__: typing.ClassVar = dict.fromkeys(("rank", "alpha", "seed", "other"))
    __getattribute__ = __getattr__ = __eq__ = __iter__ = __len__ = ran
    __hash__ = None
    alpha = property(ran)
    other = Slotted.__dict__["alpha"]


class WatchedKey(str):
    __eq__ = ran
    __hash__ = str.__hash__


class WatchedDict(dict):
    __getitem__ = __iter__ = __contains__ = get = items = keys = ran


class WatchedTuple(tuple):
    __slots__ = ()
    __getattribute__ = __iter__ = __len__ = __getitem__ = ran


class WatchedFields:
    __slots__ = ()

    class Descriptor:
        __get__ = ran

    __dataclass_fields__ = Descriptor()


class OwnDict:
    """Its instances' dict is a property."""

    __dict__ = property(ran)
    __dataclass_fields__: typing.ClassVar = {"rank": None}


def test_reading_runs_nothing_of_the_learners():
    value = object.__new__(Watched)
    object.__setattr__(value, "rank", 4)
    stored = WatchedDict({"alpha": 8.0, WatchedKey("seed"): 1})
    object.__setattr__(value, "__dict__", stored)
    assert to_plain(value) == {"rank": 4, "alpha": 8.0}
    assert to_plain(tuple.__new__(WatchedTuple, (1, 2))) == [1, 2]
    assert to_plain(OwnDict()) == {}
    tensor = torch.ones(2)
    tensor.numel = tensor.detach = tensor.clone = tensor.cpu = ran
    assert to_plain(tensor).tolist() == [1.0, 1.0]
    with pytest.raises(NotPlainError, match="of type WatchedFields"):
        to_plain(WatchedFields())


REFUSED = {
    "metaclass": (Watching("Odd", (), {})(), "of type Odd"),
    "class with a metaclass": (Watched, "of type Watching"),
    "complex numbers": (torch.zeros(1, dtype=torch.complex64), "of type complex64"),
    "sparse": (torch.eye(2).to_sparse(), "without ordinary storage"),
    "no storage": (torch.zeros(2, device="meta"), "without ordinary storage"),
    "complex longdouble": (numpy.clongdouble(1), "of type clongdouble"),
    "date": (numpy.datetime64("2024-01-01"), "of type date"),
    "bytes": (numpy.bytes_(b"a"), "of type bytes"),
}


@pytest.mark.parametrize(("value", "told"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_plain_data_is_named(value, told):
    with pytest.raises(NotPlainError, match=told):
        to_plain(value)


def nested(depth, inside):
    """`inside`, in so many lists."""
    for _ in range(depth):
        inside = [inside]
    return inside


def within_itself():
    array = numpy.array(None, dtype=object)
    array[()] = array
    return array


@pytest.mark.parametrize("array", [numpy.ones, torch.ones])
def test_arrays_and_tensors_nest_as_deep_as_lists(array):
    to_plain(nested(MAX_DEPTH + 1, 1))
    to_plain(nested(MAX_DEPTH - 1, array((1, 1))))
    to_plain(array((1,) * (MAX_DEPTH + 1)))
    for value in (nested(MAX_DEPTH, array((1, 1))), array((1,) * (MAX_DEPTH + 2))):
        with pytest.raises(NotPlainError, match="nested more than 8 deep"):
            to_plain(value)


def shared(depth):
    """A small list that would be a huge one: the same one many times over, at every depth."""
    inside = [1]
    for _ in range(depth):
        inside = [inside] * 100
    return inside


HUGE = {
    "list": [0] * MAX_VALUES,
    "text": "x" * MAX_VALUES,
    "key": {"x" * MAX_VALUES: 1},
    "many texts": ["x" * 1000] * (MAX_VALUES // 1000),
    "whole number": 1 << 64 * MAX_VALUES,
    "tensor": torch.zeros(MAX_VALUES),
    "tensor, never stored": torch.zeros(1).expand(10**12),
    "array": numpy.zeros(MAX_VALUES),
    "array, never stored": numpy.broadcast_to(0.0, 10**12),
    "rows without numbers": numpy.zeros((10**9, 0)),
    "tensor's rows without numbers": torch.zeros(10**9, 0),
    "tensors together": [torch.zeros(1000)] * (MAX_VALUES // 1000),
    "tensors of nothing": [torch.zeros(0)] * (MAX_VALUES // 12),
    "one list many times": shared(8),
}


@pytest.mark.parametrize("value", HUGE.values(), ids=HUGE)
def test_all_together_is_bounded(value):
    with pytest.raises(NotPlainError, match="at most 300,000 numbers and characters in all"):
        to_plain(value)


@pytest.mark.parametrize(
    "value", [dict.fromkeys(range(MAX_KEYS + 1)), [dict.fromkeys(range(MAX_KEYS // 2))] * 3]
)
def test_keys_are_bounded_for_they_can_be_made_slow_to_look_up(value):
    with pytest.raises(NotPlainError, match="more than 5,000 keys in all"):
        to_plain(value)


def test_an_array_that_holds_itself_is_refused():
    with pytest.raises(NotPlainError, match="deep"):
        to_plain(within_itself())


def test_an_array_may_be_as_large_as_a_tensor():
    for size in (128, 500):
        assert to_plain(torch.zeros(size, size)).tolist() == to_plain(numpy.zeros((size, size)))
    for make in (numpy.zeros, torch.zeros):
        with pytest.raises(NotPlainError):
            to_plain(make((1000, 1000)))
