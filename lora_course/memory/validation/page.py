"""The validation as Markdown, for docs/memory.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from lora_course.memory.validation.by_field import NOT_COUNTED
from lora_course.memory.validation.closed_form import Compared
from lora_course.memory.validation.measure import ON_ALL, Pair
from lora_course.memory.validation.published import Published
from lora_course.memory.validation.reports import Report

BLOCK = "validation"


def tables(
    counts: Sequence[Pair],
    optimizers: Sequence[Pair],
    weights: Sequence[Pair],
    peaks: Sequence[Pair],
    more_peaks: Sequence[Pair],
    published: Sequence[Published],
    closed: Sequence[Compared],
    reports: Sequence[Report],
    versions: str,
) -> str:
    """All tables, with what each compares."""
    refused = [pair for pair in counts if not pair.truth]
    parts = [
        f"Measured with {versions}.",
        "### Counts",
        "Trainable and total parameters and the bytes of the adapter's file, against PEFT on a real"
        f" model on the CPU: {_equal(counts)}. PEFT refuses {len(refused)} of these, such as"
        " targets that a model does not have; so does the estimate. Every field of LoraConfig is in"
        " a case, but for those that change no count:",
        _not_counted(),
        _summary(counts),
        "### Optimizer state",
        f"Bytes after one real step, rank 40 on all linear layers: {_equal(optimizers)}.",
        _wide(optimizers),
        "### Base weights",
        f"Bytes of a real model, loaded from a file in each precision: {_equal(weights)}.",
        _wide(weights),
        "### Peak of a step",
        "Against what the CPU allocator holds at most, rank 8 on all linear layers, a batch of 8"
        " with 256 tokens each (ViT: 8 images). The difference, estimate less truth:",
        _grid(peaks),
        PEAK_NOTES,
        "With a dropout of 0.1 in the adapter, with the loss of 256 tokens at a time, and of an"
        " evaluation's batch of 16 sequences:",
        _cells(more_peaks, _relative),
        "### The closed form",
        "`estimate_model_memory`, arithmetic without torch, which chapter 4's explorer uses,"
        " against a traced step: without checkpointing or autocast, AdamW, fp32 adapters.",
        _closed(closed),
        "### Published figures",
        _published(published),
        PUBLISHED_NOTES,
        "### What people reported",
        "Of one run each, on GPUs that are often not told, with the settings as far as they are:",
        _reported(reports),
        REPORTED_NOTES,
    ]
    return "\n\n".join(parts)


PEAK_NOTES = """\
What differs is small and known: with checkpointing PyTorch keeps the CPU's random state for every
block, 5 kB each, in the host's memory. These estimates are for a CPU (`--on-cpu`): where one
operation reads two types, such as a bf16 layer's output and an fp32 adapter's, a CPU first makes a
copy in the wider type, and a GPU converts as it reads. oneDNN was off: its bf16
products take memory in passing, another amount on each kind of CPU. int8 is not here: its step is
not traced."""


PUBLISHED_NOTES = """\
The A100's peaks hold half a gigabyte that is neither weights, adapter nor optimizer state, before
the step begins; what a step adds is the nearer figure."""


REPORTED_NOTES = """\
Where the difference is large the report tells too little, or its code differs, as far as one can
see; nothing here was fitted to it. [peft 1469](https://github.com/huggingface/peft/issues/1469)
cannot be compared: it tells no batch. [axolotl 3626](https://github.com/axolotl-ai-cloud/axolotl/issues/3626),
[transformers 40533](https://github.com/huggingface/transformers/issues/40533) and
[mLoRA 110](https://github.com/mikecovlee/mLoRA/issues/110) ask which rank to take, and
[aprender 2258](https://github.com/paiml/aprender/issues/2258) diverges at rank 256: for these there
is `lora-course compare-ranks`."""


def _not_counted() -> str:
    return table(["field", "why"], [[f"`{name}`", why] for name, why in NOT_COUNTED.items()])


def _equal(pairs: Sequence[Pair]) -> str:
    equal = sum(pair.estimate == pair.truth for pair in pairs)
    return f"{equal} of {len(pairs)} equal"


def _summary(pairs: Iterable[Pair]) -> str:
    """A line a family: how many cases, how many equal, how many that PEFT refuses."""
    rows = []
    for family, some in groupby(pairs, key=lambda pair: pair.family):
        cases = list(some)
        equal = sum(pair.estimate == pair.truth for pair in cases)
        largest = max(cases, key=lambda pair: pair.truth)
        trained = f"{largest.truth[0]:,} of {largest.truth[1]:,}"
        refused = sum(not pair.truth for pair in cases)
        numbers = [str(number) for number in (len(cases), equal, refused)]
        rows.append([family, *numbers, f"{largest.case}: {trained}"])
    return table(["family", "cases", "equal", "refused", "the one that trains most"], rows)


def _wide(pairs: Iterable[Pair]) -> str:
    """A line a family, a column a case: the true bytes, and the difference where there is one."""
    return _cells(pairs, lambda pair: f"{pair.truth[0]:,}" + _off(pair))


def _off(pair: Pair) -> str:
    difference = pair.estimate[0] - pair.truth[0]
    return f" ({difference:+,})" if difference else ""


def _grid(pairs: Iterable[Pair]) -> str:
    """The same with relative differences."""
    all_pairs = list(pairs)
    common = [pair for pair in all_pairs if pair.case in ON_ALL]
    more = [pair for pair in all_pairs if pair.case not in ON_ALL]
    return f"{_cells(common, _relative)}\n\n{_cells(more, _relative)}"


def _relative(pair: Pair) -> str:
    return f"{pair.estimate[0] / pair.truth[0] - 1:+.3%} of {pair.truth[0] / 1e6:.1f} MB"


def _cells(pairs: Iterable[Pair], cell: Callable[[Pair], str]) -> str:
    all_pairs = list(pairs)
    families = list(dict.fromkeys(pair.family for pair in all_pairs))
    cases = list(dict.fromkeys(pair.case for pair in all_pairs))
    found = {(pair.family, pair.case): cell(pair) for pair in all_pairs}
    if len(families) >= len(cases):
        rows = [[f, *(found.get((f, c), "") for c in cases)] for f in families]
        return table(["", *cases], rows)
    rows = [[c, *(found.get((f, c), "") for f in families)] for c in cases]
    return table(["", *families], rows)


def _closed(rows: Sequence[Compared]) -> str:
    heads = ["model", "targets", "base", "rank", "tokens", "traced, MB", "closed form", "off by"]
    return table(
        heads,
        [
            [
                row.case.model,
                row.case.targets,
                row.case.precision,
                str(row.case.rank),
                f"{row.case.batch_size}×{row.case.seq_length:,}",
                f"{row.traced:,.0f}",
                f"{row.closed:,.0f}",
                f"{row.difference:+.2%}",
            ]
            for row in rows
        ],
    )


def _published(rows: Sequence[Published]) -> str:
    return table(
        ["", "published", "here", "difference", "source"],
        [
            [
                row.what,
                f"{row.published:,.2f} {row.unit}" if row.unit else f"{row.published:,}",
                f"{row.ours:,.2f} {row.unit}" if row.unit else f"{row.ours:,}",
                f"{row.difference:+.2%}",
                f"[{row.source[0]}]({row.source[1]})",
            ]
            for row in rows
        ],
    )


def _reported(reports: Sequence[Report]) -> str:
    rows = []
    for one in reports:
        ours = one.ours()
        seen, here = (
            f"{value:,.{2 if one.unit else 0}f} {one.unit}".strip() for value in (one.seen, ours)
        )
        difference = f"{ours / one.seen - 1:+.1%}"
        rows.append([f"[{one.source}]({one.url})", one.what, seen, here, difference, one.cause])
    return table(["report", "of", "they saw", "here", "difference", "what explains it"], rows)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, all but the first column to the right."""
    lines = [heads, [":--", *["--:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
