"""What goes over the wire comes back the same, and nothing else is taken for it."""

import base64
import json
import math
import random
from dataclasses import replace

import numpy
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lora_course.chapters.rooms import rooms
from lora_course.checks import plain, values
from lora_course.checks.plain import DTYPES, MAX_KEYS, MAX_VALUES
from lora_course.checks.question import WrongAnswerError
from lora_course.grading import wire
from lora_course.grading.flags import MOST, TEXT
from lora_course.grading.grade import Job, blank
from lora_course.grading.records import CellNote, Flag
from lora_course.grading.replay import MOST_NOTES, NOTE
from lora_course.grading.supervise import MOST_BYTES
from lora_course.grading.wire import MAX_BYTES, MAX_NODES, WireError, pack, unpack

JOB = Job("", "", "", 0, "")
SIMPLE = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
PLAIN = st.recursive(
    SIMPLE,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.integers(), inner, max_size=4)
    ),
    max_leaves=20,
)


def same(one, other):
    """Equal in type as well, all the way down."""
    return repr(one) == repr(other)


@given(PLAIN)
def test_plain_data_survives(value):
    if depth(value) <= 8:
        assert same(unpack(pack(value)), value)


def depth(value):
    inner = list(value.values()) if isinstance(value, dict) else value
    return 1 + max(map(depth, inner), default=0) if isinstance(inner, list) else 0


ODD = [10**6000, -(10**6000), math.inf, -0.0, {1: {"list": [2]}}]


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_odd_values_survive(value):
    back = unpack(pack(value))
    assert back == value and type(back) is type(value)
    assert not isinstance(value, float) or math.copysign(1, back) == math.copysign(1, value)


def test_nan_stays_nan():
    assert math.isnan(unpack(pack(math.nan)))


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16, torch.int64, torch.bool])
def test_tensors_survive(kind):
    tensor = torch.arange(12).reshape(3, 4).to(kind)
    back = unpack(pack({"adapter": {"a": tensor, "b": tensor.T}}))["adapter"]
    assert torch.equal(back["a"], tensor) and back["a"].dtype is kind
    assert torch.equal(back["b"], tensor.T)


@pytest.mark.parametrize(
    "tensor", [torch.zeros(2, device="meta"), torch.zeros(2, 2).to_sparse()], ids=["meta", "sparse"]
)
def test_tensors_without_storage_are_refused(tensor):
    with pytest.raises(WireError):
        pack(tensor)


def test_text_that_no_file_can_hold_is_mended():
    unpack(pack("a\ud800b")).encode("utf-8")


def sent(tree, tensors=b""):
    message = {"tree": tree, "tensors": base64.b64encode(tensors).decode()}
    return base64.b64encode(json.dumps(message).encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "é",
        "AAAA",
        base64.b64encode(b"[" * 10**5).decode(),
        base64.b64encode(b"{}").decode(),
        base64.b64encode(b'{"tree": ' + b"9" * 5000 + b', "tensors": ""}').decode(),
        sent([1, 2]),
        sent({"list": 1}),
        sent({"list": [], "dict": []}),
        sent({"dict": [[1]]}),
        sent({"dict": [[{"list": []}, 1]]}),
        sent({"int": "x"}),
        sent({"int": 5}),
        sent({"tensor": "0"}),
        sent({"tensor": "0"}, b"\x00" * 8),
        sent({"tensor": "0"}, (2**62).to_bytes(8, "little") + b"{}"),
        sent({"tensor": "0"}, b"cos\nsystem\n(S'true'\ntR."),
        sent({"pickle": "x"}),
        sent({"list": [1] * (MAX_NODES + 1)}),
        sent({"list": [{"list": [{"list": [{"list": [{"list": [{"list": [{"list": [{"list": [
            {"list": [{"list": [{"list": [{"list": [1]}]}]}]}]}]}]}]}]}]}]}]}),
    ],
    ids=range(20),
)  # fmt: skip
def test_nothing_else_is_read(text):
    with pytest.raises(WireError):
        unpack(text)


TINY, EMOJI = -2.2250738585072014e-308, "\U0001f600"  # of all numbers and characters the longest
# The largest of their kind that are read where the limit is `n`, of what takes most room.
LARGEST = {
    "floats": lambda n: [TINY] * (n - 1),
    "whole numbers": lambda n: [-(2**63) + 1] * (n - 1),
    "whole numbers of 1,000 bits": lambda n: [-(2**1000) + 1] * ((n - 1) // 16),
    "whole numbers of 1,023 bits": lambda n: [-(2**1023) + 1] * ((n - 1) // 16),
    "one whole number": lambda n: 1 << 64 * (n - 1),
    "one text": lambda n: EMOJI * (n - 1),
    "control characters": lambda n: "\x00" * (n - 1),
    "brackets": lambda n: "[" * (n - 1),
    "short texts": lambda n: [EMOJI] * ((n - 1) // 2),
    "empty texts": lambda n: [""] * (n - 1),
    "empty lists": lambda n: [[]] * (n - 1),
    "empty dicts": lambda n: [{}] * (n - 1),
    "nested dicts": lambda n: [{TINY: {}}] * min((n - 1) // 3, MAX_KEYS - 1),
    "dict": lambda n: {number * 1.1e-300: TINY for number in range(MAX_KEYS - 1)},
    "dict of lists": lambda n: {number * 1.1e-300: [] for number in range(MAX_KEYS - 1)},
    "doubles": lambda n: torch.full((n - 13,), TINY, dtype=torch.float64),
    "truth values": lambda n: torch.ones(n - 13, dtype=torch.bool),
    "turned": lambda n: torch.ones(3, (n - 16) // 3).T[:, :2],
    "single numbers": lambda n: [torch.tensor(TINY, dtype=torch.float64)] * ((n - 1) // 13),
    "empty tensors": lambda n: [torch.zeros(1, 0, 10**18, *[1] * 5)] * ((n - 1) // 14),
    "array": lambda n: numpy.full((n // 9, 8), TINY),
    "column": lambda n: numpy.full(((n - 1) // 2, 1), TINY),
}
FULL = pytest.param(MAX_VALUES, marks=pytest.mark.long)


@pytest.mark.parametrize("limit", [10_000, FULL])
@pytest.mark.parametrize("make", LARGEST.values(), ids=LARGEST)
def test_whatever_is_read_in_a_notebook_comes_through(make, limit, monkeypatch):
    monkeypatch.setattr(plain, "MAX_VALUES", limit)
    monkeypatch.setattr(wire, "MAX_NODES", limit + MAX_NODES - MAX_VALUES)
    monkeypatch.setattr(wire, "MAX_BYTES", wire.MAX_NODES * wire.BYTES)
    value = plain.to_plain(make(limit))
    back = unpack(pack({"value": value, "seconds": TINY}))["value"]
    assert values.same(plain.to_plain(back), value)  # as the grader reads it once more


@pytest.mark.parametrize("kind", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (2, 3), (1,) * 9])
def test_tensors_of_every_type_that_is_read_come_through(kind, shape):
    value = plain.to_plain(torch.ones(shape).to(getattr(torch, kind)))
    back = unpack(pack([value, value]))
    assert all(torch.equal(one, value) and one.dtype is value.dtype for one in back)


def test_a_tensor_of_very_many_dimensions_is_not_made():
    """torch ends the process over it."""
    header = json.dumps({"0": {"dtype": "F32", "shape": [1] * 60_001, "data_offsets": [0, 4]}})
    blob = len(header).to_bytes(8, "little") + header.encode() + bytes(4)
    with pytest.raises(WireError, match="more than 9 dimensions"):
        unpack(sent({"tensor": "0"}, blob))


def test_keys_that_are_all_looked_up_in_one_place_are_not():
    pairs = [[n * (2**61 - 1), 0] for n in range(20_000)]
    assert len({hash(key) for key, _ in pairs}) == 1
    with pytest.raises(WireError, match="too many keys"):
        unpack(sent({"dict": pairs}))


def test_the_largest_grade_fits_the_pipe_that_it_goes_through():
    text = EMOJI * 10_000
    worst = 0
    for room in rooms():
        results = {}
        for question in room.questions():

            def fail(answer, draws):
                raise WrongAnswerError(text, text, text, text, text)

            parts = tuple(replace(part, check=fail) for part in question.parts)
            result = replace(question, parts=parts).grade(None, random.Random(0))
            results[question.name] = result
        notes = tuple(CellNote(n, EMOJI * NOTE) for n in range(MOST_NOTES + 1))
        told = tuple(Flag(n, EMOJI * TEXT) for n in range(MOST))
        job = replace(JOB, chapter=room.number, file=EMOJI * 255, learner=EMOJI * 255)
        graded = replace(blank(job), results=results, cells=notes, flags=told, reason=EMOJI * 500)
        worst = max(worst, len(json.dumps(graded.as_json()).encode()))
    assert 100_000 < worst < MOST_BYTES


def test_more_than_that_is_not_taken_apart():
    with pytest.raises(WireError, match="too much data"):
        unpack(sent("x" * MAX_BYTES))
    with pytest.raises(WireError):
        pack("x" * MAX_BYTES)
