"""`lora-course compare-ranks`: from options to finished runs to a report."""

from __future__ import annotations

import argparse
import math
import os
import platform
import sys
import time
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tqdm import tqdm

from lora_course.arguments import positive, whole
from lora_course.compare import written
from lora_course.compare.data import DataSource
from lora_course.compare.model import weights_hash
from lora_course.compare.prepared import Prepared
from lora_course.compare.rates import at_best_rates
from lora_course.compare.records import Comparison, TextData
from lora_course.compare.run import check_model, read, run
from lora_course.compare.settings import Settings
from lora_course.compare.store import RunStore, StoreError
from lora_course.models import BASE_MODEL
from lora_course.workers import LATE, SchedulerError, carry_out

PACKAGES = ("lora-course", "torch", "transformers", "peft", "datasets", "bitsandbytes")
# What `compare` raises for reasons that a user can mend; the message says how.
EXPECTED = (ValueError, StoreError, SchedulerError, FileNotFoundError)
STOPPED = 130  # the exit status of a program that Ctrl-C ended


def settings_from(options: argparse.Namespace) -> Settings:
    """Settings for the options given; what was left out depends on model and data."""
    # Only None means "left out": what is given, 0 and "" too, is taken or refused as it is.
    own_data = any(given is not None for given in (options.train, options.test, options.dataset))
    if own_data and options.task is not None:
        raise ValueError(f"task={options.task!r}: give a built-in task or your own data, not both")
    own_model = options.model is not None
    rates, full_rates = ((5e-4,), (5e-5,)) if own_model else ((3e-3,), (1e-3,))
    steps = options.steps
    if steps is None and options.epochs is None and not own_data:
        steps = 120
    try:
        alpha: str | float = float(options.alpha_rule)
    except ValueError:
        alpha = options.alpha_rule
    return Settings(
        model=_or_default(options.model, str(BASE_MODEL)),
        task=None if own_data else _or_default(options.task, "typos"),
        source=DataSource(
            options.train,
            options.test,
            options.dataset,
            options.text_column,
            options.label_column,
        ),
        ranks=tuple(options.ranks),
        seeds=tuple(range(whole("seeds", options.seeds))),
        ends=options.ends,
        targets=tuple(options.targets),
        alpha_rule=alpha,
        quantize=options.quantize,
        metric=options.metric,
        steps=steps,
        epochs=_or_default(options.epochs, Settings.epochs),
        batch_size=options.batch_size,
        length=_or_default(options.length, 128 if own_data else 64),
        learning_rates=tuple(_or_default(options.learning_rate, rates)),
        full_learning_rates=tuple(_or_default(options.full_learning_rate, full_rates)),
        threads=options.threads,
    ).checked()


def _or_default(given: Any, default: Any) -> Any:
    return default if given is None else given


def compare(
    settings: Settings,
    out: Path,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    minutes: float | None = None,
    progress: bool = True,
) -> Comparison:
    """Carry out every run that `out` does not hold yet; write the report, whatever ends it.

    KeyboardInterrupt is passed on after what is finished has been reported.
    """
    began = time.time()
    data, prepared, digest = read(settings)
    weights = weights_hash(settings.model)
    store = RunStore(out, settings, digest, weights)
    wanted = settings.jobs()
    done = {job: found for job in wanted if (found := store.load(job)) is not None}
    open_jobs = [job for job in wanted if job not in done]
    if open_jobs:
        check_model(settings)
    deadline = math.inf if minutes is None else began + 60 * minutes
    notes = list(data.notes)

    def so_far() -> Comparison:
        everything = Comparison(
            title=f"{data.name}: ranks compared on {name_of(settings.model)}",
            metric=prepared.metric,
            runs=tuple(done[job] for job in wanted if job in done),
            facts=facts(settings, data, prepared, digest, weights),
            notes=tuple(notes),
            wanted=len(wanted),
            rates=settings.learning_rates,
            full_rates=settings.full_learning_rates if settings.ends else (),
        )
        return at_best_rates(everything)

    arguments = [(settings, *job, digest) for job in open_jobs]
    outcomes = carry_out(run, arguments, workers=workers, scheduler=scheduler, deadline=deadline)
    with tqdm(total=len(wanted), initial=len(done), unit="run", disable=not progress) as bar:
        try:
            for place, (finished, trouble) in outcomes:
                if finished is not None:
                    store.save(finished)
                    done[open_jobs[place]] = finished
                    bar.update()
                elif trouble != LATE:
                    rank, rate, seed = open_jobs[place]
                    notes.append(f"rank {rank}, learning rate {rate:g}, seed {seed}: {trouble}")
        except BaseException:  # Ctrl-C, a full disk, dead workers: report what there is, go on up
            with suppress(OSError):  # the first trouble is the one to tell
                written.write(so_far(), out)
            raise
    if len(done) < len(wanted) and time.time() > deadline:
        notes.append(f"Time was up after {minutes:g} minutes; the same command goes on.")
    comparison = so_far()
    try:
        written.write(comparison, out)
    except OSError as error:
        raise StoreError(
            f"{out}: the report could not be written: {error.strerror}. Every finished run is"
            " kept: free some space, and the same command writes the report"
        ) from error
    return comparison


def name_of(model: str) -> str:
    """A folder's last part, or the Hub id."""
    return Path(model).name if Path(model).exists() else model


def facts(
    settings: Settings, data: TextData, prepared: Prepared, digest: str, weights: str
) -> dict[str, Any]:
    """What someone needs to know, or to repeat the comparison."""
    return {
        "model": settings.model
        if settings.model != str(BASE_MODEL)
        else f"{BASE_MODEL.name}, the course's own",
        "weights hash": weights,
        "data": data.name,
        "data hash": digest,
        "labels": ", ".join(data.label_names) or "none: language modelling",
        "training examples": len(prepared.train),
        "held-out examples": len(prepared.test),
        "ranks": list(settings.ranks),
        "seeds": list(settings.seeds),
        "target modules": ", ".join(settings.targets),
        "alpha": str(settings.alpha_rule),
        "base precision": "nf4" if settings.quantize == "nf4" else "fp32",
        "steps a run": settings.steps_for(len(prepared.train)),
        "batch size": settings.batch_size,
        "tokens an example": settings.length,
        "learning rates": list(settings.learning_rates),
        "learning rates, full tuning": list(settings.full_learning_rates) if settings.ends else "",
        "schedule": settings.schedule,
        "threads a run": settings.threads,
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "versions": ", ".join(f"{name} {found}" for name in PACKAGES if (found := _version(name))),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def main(options: argparse.Namespace) -> int:
    """The command; returns its exit status."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        settings = settings_from(options)
        workers = whole("jobs", options.jobs)
        minutes = (
            None if options.max_minutes is None else positive("max-minutes", options.max_minutes)
        )
        comparison = compare(
            settings,
            options.out,
            workers=workers,
            scheduler=options.scheduler,
            minutes=minutes,
            progress=not options.quiet,
        )
    except KeyboardInterrupt:
        print(
            f"\nStopped. What is finished is reported in {options.out / 'report.html'};"
            " the same command goes on from there.",
            file=sys.stderr,
        )
        return STOPPED
    except EXPECTED as error:
        print(f"lora-course compare-ranks: {error}", file=sys.stderr)
        return 2
    print(written.summary(comparison))
    print(f"\nThe report: {options.out / 'report.html'}")
    return 0 if comparison.finished == comparison.wanted else 1
