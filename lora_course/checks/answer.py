"""All that a check sees of an answer: it calls it with plain data and reads plain data.

In a notebook a `LocalAnswer` wraps the learner's own object; a grader has another `Answer`, which
forwards the calls elsewhere. A check does not know which one it holds.
"""

from __future__ import annotations

import copy
import inspect
import re
import time
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any, Protocol

from lora_course.checks.plain import BlankError, NotPlainError, is_tensor, show, to_plain
from lora_course.checks.stored import type_name


class AnswerError(Exception):
    """The answer could not be called, raised, or returned something that is not data."""


Probe = Callable[..., Any]
"""Takes an answer that is no function of plain data, such as a class, and plain arguments; uses
the answer and returns plain data. It runs beside the answer, so a check believes it no more."""


class Answer(Protocol):
    """What a check may do with an answer."""

    def call(self, *arguments: Any) -> Any:
        """Call the answer; plain data back. AnswerError or BlankError when there is none."""

    def seconds(self) -> float:
        """Wall time of the last call."""


class LocalAnswer:
    """An answer that is an object in this process."""

    def __init__(self, answer: Any, probe: Probe | None = None) -> None:
        self._answer, self._probe = answer, probe
        self._seconds = 0.0

    def seconds(self) -> float:
        """Wall time of the last call."""
        return self._seconds

    def call(self, *arguments: Any) -> Any:
        """Call the answer with copies of `arguments`, so that it cannot change the check's own."""
        function = self._function(arguments)
        start = time.perf_counter()
        try:
            value = function(*copy.deepcopy(arguments))
        except KeyboardInterrupt:
            raise
        except AnswerError:  # a probe's own words
            raise
        except NotImplementedError as error:
            raise BlankError from error
        except BaseException as error:  # SystemExit too: an answer must not end the kernel
            raise AnswerError(f"raised {_describe(error)}") from error
        finally:
            self._seconds = time.perf_counter() - start
        try:
            return to_plain(value)
        except NotPlainError as error:
            raise AnswerError(f"returned {error}") from error
        except BlankError:
            raise
        except Exception as error:  # an object that fights being read
            raise AnswerError(
                f"returned something that cannot be read: {_describe(error)}"
            ) from error

    def _function(self, arguments: tuple[Any, ...]) -> Callable[..., Any]:
        answer = self._answer
        if answer is ...:
            raise BlankError
        if issubclass(type(answer), type) and self._probe is None:  # __class__ may lie, or raise
            raise AnswerError("is a class; pass the function that you wrote")
        if not callable(answer):
            try:
                what = f"the value {show(to_plain(answer))}"
            except Exception:
                what = f"an object of type {type_name(type(answer))}"
            raise AnswerError(f"is {what}; pass the function itself, without calling it")
        if self._probe is not None:
            return partial(self._probe, answer)
        try:
            signature = inspect.signature(answer)
            parameters = str(signature)  # this runs the __repr__ of each default value
        except KeyboardInterrupt:
            raise
        except BaseException:  # some callables have none, some lie: the call itself will tell
            return answer
        try:
            signature.bind(*arguments)
        except TypeError as error:
            raise AnswerError(
                f"takes {parameters}, which does not fit the call: {error};"
                " keep the parameters that the exercise gives"
            ) from error
        return answer


def advised(answer: Answer, arguments: Sequence[Any], words: str, advice: str) -> Any:
    """Call the answer; an AnswerError in which `words`, a pattern, are found gets the advice."""
    try:
        return answer.call(*arguments)
    except AnswerError as error:
        if re.search(words, str(error)):
            raise AnswerError(f"{error}. {advice}") from error
        raise


class CachedAnswer:
    """An answer that is called once with the same arguments: then what it returned is kept."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._answers: dict[Hashable, tuple[Any, AnswerError | BlankError | None, float]] = {}
        self._seconds = 0.0

    def seconds(self) -> float:
        """Wall time of the call that gave the last answer."""
        return self._seconds

    def call(self, *arguments: Any) -> Any:
        """As the answer behind, from memory where it has been asked the very same before."""
        key = _content(list(arguments))
        if key not in self._answers:
            value: Any = None
            error: AnswerError | BlankError | None = None
            try:
                value = self._answer.call(*arguments)
            except (AnswerError, BlankError) as raised:
                error = raised
            self._answers[key] = (value, error, self._answer.seconds())
        value, error, self._seconds = self._answers[key]
        if error is not None:
            raise error
        return copy.deepcopy(value)  # what one part does to it is not for the next to see


def _content(value: Any) -> Hashable:
    """Plain `value` to the last bit, type by type: equal only for what no answer can tell apart."""
    if is_tensor(value):
        import torch

        stored = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        return "tensor", str(value.dtype), tuple(value.shape), stored.numpy().tobytes()
    if type(value) in (list, tuple):
        return type(value), *map(_content, value)
    if type(value) is dict:
        return dict, *((_content(key), _content(item)) for key, item in value.items())
    # 1, 1.0 and True are equal, and so are 0.0 and -0.0; NaN is not even equal to itself.
    return type(value), value.hex() if type(value) is float else value


def _describe(error: BaseException) -> str:
    """An exception as text, even when its own __str__ misbehaves."""
    try:
        text = str(error)
    except KeyboardInterrupt:
        raise
    except BaseException:  # SystemExit too
        text = "(no message)"
    return f"{type(error).__name__}: {text[:200]}"
