"""What goes over the wire comes back the same, and nothing else is taken for it."""

import base64
import json
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lora_course.grading.wire import MAX_NODES, WireError, pack, unpack

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
