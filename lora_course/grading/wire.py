"""Plain data as text, for the way between the grader and the kernel; tensors as safetensors.

Whatever arrives was written by a learner's code at worst, so reading it runs nothing: JSON in
base64, checked for shape as it is taken apart. Lists and dicts are tagged, so that no dict of
a learner's can pass for a tensor, and keys need not be text.

`reply` is the grader's hand in the learner's kernel: it calls an answer and packs what comes back.
It runs where the learner's code runs and may be changed by it. Nothing rests on it: whatever it
sends counts as the answer's return value, and is judged elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import json
from contextlib import suppress
from importlib import import_module
from typing import Any

from lora_course.checks.answer import AnswerError, LocalAnswer
from lora_course.checks.plain import MAX_DEPTH, MAX_KEYS, MAX_VALUES, BlankError
from lora_course.files import PACKAGE

# Whatever `to_plain` reads goes through, with the few values around it that say what it is.
AROUND = 100
MAX_NODES = MAX_VALUES + AROUND
BYTES = 32  # of text that a value takes at most, its commas, quotes and brackets included
MAX_BYTES = BYTES * MAX_NODES
MAX_DIMENSIONS = MAX_DEPTH + 1  # of a tensor, as `to_plain` has it
HEADER_SIZE = 8  # bytes that say how long a safetensors header is


class WireError(ValueError):
    """What arrived is no plain data, or what should be sent is none."""


def pack(value: Any) -> str:
    """`value`, plain data as `to_plain` makes it, as ASCII text."""
    tensors: dict[str, Any] = {}
    tree = _tree(value, tensors)
    blob = ""
    if tensors:
        from safetensors.torch import save

        try:
            blob = base64.b64encode(save(tensors)).decode()
        except (KeyError, ValueError, RuntimeError, NotImplementedError) as error:
            raise WireError(f"a tensor that cannot be handed over ({error})") from error
    text = json.dumps({"tree": tree, "tensors": blob})
    if len(text) > MAX_BYTES:
        raise WireError(f"{len(text):,} bytes of data; at most {MAX_BYTES:,} are read")
    return base64.b64encode(text.encode()).decode()


def unpack(text: str) -> Any:
    """The value that `pack` was given; WireError for anything that it cannot have written."""
    try:
        content = base64.b64decode(text, validate=True)
        marks = sum(map(content.count, (b"{", b"[", b",")))
        if len(content) > MAX_BYTES or marks > 4 * MAX_NODES:  # before it takes memory
            raise WireError("too much data")
        message = json.loads(content)
        blob = base64.b64decode(message["tensors"], validate=True)
        return _Reader(_tensors(blob) if blob else {}).value(message["tree"], 0)
    except WireError:
        raise
    except (binascii.Error, ValueError, TypeError, KeyError, RecursionError, MemoryError) as error:
        raise WireError(f"no plain data ({type(error).__name__})") from error
    except Exception as error:  # safetensors has an error type of its own
        raise WireError(f"tensors that cannot be read ({type(error).__name__})") from error


def _tree(value: Any, tensors: dict[str, Any]) -> Any:
    if type(value) is int and value.bit_length() > 1000:  # more digits than int() reads back
        return {"int": hex(value)}
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) is list:
        return {"list": [_tree(item, tensors) for item in value]}
    if type(value) is dict:
        pairs = [[_tree(key, tensors), _tree(item, tensors)] for key, item in value.items()]
        return {"dict": pairs}
    if type(value).__name__ in ("Tensor", "Parameter"):
        if value.layout.__str__() != "torch.strided" or value.device.type == "meta":
            raise WireError("a tensor without ordinary storage")
        name = str(len(tensors))
        tensors[name] = value.detach().cpu().clone().contiguous()
        return {"tensor": name}
    raise WireError(f"an object of type {type(value).__name__}")


def _tensors(blob: bytes) -> dict[str, Any]:
    """The tensors of a safetensors file. Its header is read first: torch itself ends the process
    when it is to make a tensor of very many dimensions."""
    from safetensors.torch import load

    size = int.from_bytes(blob[:HEADER_SIZE], "little")
    header = json.loads(blob[HEADER_SIZE : HEADER_SIZE + size])
    for name, about in header.items():
        if name != "__metadata__" and len(about["shape"]) > MAX_DIMENSIONS:
            raise WireError(f"a tensor of more than {MAX_DIMENSIONS} dimensions")
    tensors: dict[str, Any] = load(blob)
    return tensors


class _Reader:
    """Takes a tree apart, and counts: a small text must not become a huge value."""

    def __init__(self, tensors: dict[str, Any]) -> None:
        self.tensors, self.left, self.keys_left = tensors, MAX_NODES, MAX_KEYS + AROUND

    def value(self, tree: Any, depth: int) -> Any:
        self.left -= 1
        if self.left < 0 or depth > MAX_DEPTH + 2:
            raise WireError("too much data, or nested too deep")
        if type(tree) is not dict:
            if tree is None or type(tree) in (bool, int, float):
                return tree
            if type(tree) is str:
                return clean(tree)
            raise WireError("untagged data")
        if len(tree) != 1:
            raise WireError("data with more than one tag")
        ((tag, content),) = tree.items()
        if tag == "list" and type(content) is list:
            return [self.value(item, depth + 1) for item in content]
        if tag == "dict" and type(content) is list:
            pairs = [(self.key(key, depth), self.value(item, depth + 1)) for key, item in content]
            return dict(pairs)
        if tag == "int" and type(content) is str:
            return int(content, 16)
        if tag == "tensor" and type(content) is str:
            return self.tensors[content]
        raise WireError("data with an unknown tag")

    def key(self, tree: Any, depth: int) -> Any:
        self.keys_left -= 1
        if self.keys_left < 0:
            raise WireError("dicts with too many keys")
        key = self.value(tree, depth + 1)
        if type(key) in (list, dict) or hasattr(key, "numel"):
            raise WireError("a dict whose keys are no plain values")
        return key


def clean(text: str) -> str:
    """Text that can be written to any file: lone surrogates replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


def reply(answer: Any, request: str, probe: str = "") -> str:
    """Call `answer` with the packed arguments; a packed dict: value, error or blank.

    `probe`: "module:name" of what calls it instead, for an answer that is no function.
    """
    module, _, name = probe.partition(":")
    called = LocalAnswer(answer, getattr(import_module(module), name) if probe else None)
    try:
        value = called.call(*unpack(request))
        return pack({"value": value, "course": of_the_course(answer)})
    except BlankError:
        return pack({"blank": True})
    except AnswerError as error:
        return pack({"error": str(error)[:1000]})
    except WireError as error:
        return pack({"error": f"returned {error}"[:1000]})


def of_the_course(answer: Any) -> str:
    """The name of the course's function or class that the answer is or is made from; "" if none."""
    with suppress(Exception):  # an object may fight being looked at
        for _ in range(MAX_DEPTH):
            answer = getattr(answer, "__wrapped__", None) or getattr(answer, "func", answer)
        kinds = type.mro(answer) if isinstance(answer, type) else [answer]
        for kind in kinds:
            file = str(getattr(getattr(kind, "__code__", None), "co_filename", ""))
            module = str(getattr(kind, "__module__", ""))
            if module.partition(".")[0] == PACKAGE.name or file.startswith(str(PACKAGE)):
                return f"{module}.{getattr(kind, '__qualname__', '')}"
    return ""
