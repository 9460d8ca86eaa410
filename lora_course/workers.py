"""Where runs are carried out: here, on local processes, or on a Dask cluster. One code path."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

T = TypeVar("T")
Outcome = tuple[T | None, str]
"""A result and "", or None and why there is none."""

LATE = "time is up"


class SchedulerError(Exception):
    """The workers cannot be reached, or died."""


def _attempt(call: Callable[..., T], arguments: Sequence[Any], deadline: float) -> Outcome[T]:
    """One call on a worker; an error of one run must not cost the others."""
    if time.time() > deadline:
        return None, LATE
    try:
        return call(*arguments), ""
    except Exception as error:  # reported with the run that it belongs to
        return None, f"{type(error).__name__}: {error}"


def carry_out(
    call: Callable[..., T],
    jobs: Sequence[Sequence[Any]],
    *,
    workers: int = 1,
    scheduler: str | None = None,
    deadline: float = float("inf"),
    threads: bool = False,
) -> Iterator[tuple[int, Outcome[T]]]:
    """Call `call(*job)` for each job; yields (place, outcome) as they finish, in any order.

    `workers` local processes (or `threads`, for calls that only wait), or those of the Dask
    cluster at `scheduler`, which runs the jobs of a worker that dies on another one. Jobs that
    would begin after `deadline` (time.time()) are not begun.
    """
    if scheduler is None and workers == 1:
        for place, job in enumerate(jobs):
            yield place, _attempt(call, job, deadline)
        return
    try:
        from joblib import Parallel, delayed
        from joblib.externals.loky.process_executor import TerminatedWorkerError
    except ModuleNotFoundError as error:
        raise SchedulerError(f"several jobs need {error.name}: pip install joblib") from error

    def tasks() -> Iterator[Any]:
        for place, job in enumerate(jobs):
            yield delayed(_placed)(place, call, job, deadline)

    with nullcontext() if scheduler is None else _cluster(scheduler):
        options = {"batch_size": 1, "pre_dispatch": "all", "return_as": "generator_unordered"}
        if scheduler is None:
            options["n_jobs"] = workers
            options["backend"] = "threading" if threads else "loky"
        try:
            yield from Parallel(**options)(tasks())
        except TerminatedWorkerError as error:
            raise SchedulerError(
                "a worker process died, perhaps for want of memory: give fewer --jobs. What was"
                " finished is kept; the same command goes on from there"
            ) from error


def _placed(
    place: int, call: Callable[..., T], job: Sequence[Any], deadline: float
) -> tuple[int, Outcome[T]]:
    return place, _attempt(call, job, deadline)


@contextmanager
def _cluster(address: str) -> Iterator[AbstractContextManager[Any]]:
    """joblib's jobs go to the Dask cluster at `address`."""
    from distributed import Client
    from joblib import parallel_config

    try:
        client = Client(address, timeout="10s")
    except (OSError, TimeoutError, ValueError) as error:
        raise SchedulerError(
            f"scheduler={address!r}: no Dask scheduler answers there ({error}); start one with"
            " `dask scheduler` and give its address, such as tcp://127.0.0.1:8786"
        ) from error
    with client:
        if not client.scheduler_info()["workers"]:
            raise SchedulerError(
                f"scheduler={address!r}: has no workers; start some with `dask worker {address}`"
            )
        with parallel_config("dask") as config:
            yield config
