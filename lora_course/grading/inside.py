"""The grader's hand in the learner's kernel: calls an answer and packs what comes back.

It runs where the learner's code runs and may be changed by it. Nothing rests on it: whatever it
sends counts as the answer's return value, and is judged elsewhere.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from lora_course.checks.answer import AnswerError, LocalFace
from lora_course.checks.plain import BlankError
from lora_course.grading.wire import WireError, pack, unpack


def reply(answer: Any, request: str, probe: str = "") -> str:
    """Call `answer` with the packed arguments; a packed dict: value, error or blank.

    `probe`: "module:name" of what calls it instead, for an answer that is no function.
    """
    module, _, name = probe.partition(":")
    face = LocalFace(answer, getattr(import_module(module), name) if probe else None)
    try:
        return pack({"value": face.call(*unpack(request)), "seconds": face.seconds()})
    except BlankError:
        return pack({"blank": True})
    except AnswerError as error:
        return pack({"error": str(error)[:1000]})
    except WireError as error:
        return pack({"error": f"returned {error}"[:1000]})
