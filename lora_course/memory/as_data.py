"""Estimates as data, sizes in bytes: what `--json` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from lora_course.memory.changes import Change
from lora_course.memory.counts import Count
from lora_course.memory.estimates import NOT_COVERED, Estimate
from lora_course.memory.report import verdict
from lora_course.memory.setting import StepSetting


def counts_data(counted: Mapping[int, Count]) -> list[dict[str, Any]]:
    """Counts alone, a rank each."""
    return [{"rank": rank} | asdict(count) for rank, count in counted.items()]


def data(
    heading: str,
    setting: StepSetting,
    estimates: Sequence[Estimate],
    changes: Sequence[Change],
    gpu_gib: float | None = None,
) -> dict[str, Any]:
    """The whole answer."""
    return {
        "title": heading,
        "class": estimates[-1].kind,
        "setting": asdict(setting),
        "ranks": [
            {"rank": one.rank}
            | asdict(one.count)
            | {
                "peak_bytes": one.peak,
                "exact": not one.inexact,
                "inexact": [asdict(reason) for reason in one.inexact],
                "range_bytes": list(one.expected),
                "reserved_at_most_bytes": one.reserved,
                "held_at_peak_bytes": one.held,
                "evaluation_bytes": one.step.evaluation,
                "flops": one.step.flops,
                "share_of_full_tuning": one.share_of_full_tuning,
                "notes": list(one.notes),
            }
            | ({} if gpu_gib is None else {"fits": verdict(one, gpu_gib)})
            for one in estimates
        ],
        "changes": [
            {
                "what": change.what,
                "peak": change.after.peak,
                "evaluation": change.after.step.evaluation,
            }
            | ({} if gpu_gib is None else {"fits": verdict(change.after, gpu_gib)})
            for change in changes
        ],
        "not_covered": NOT_COVERED,
    }
