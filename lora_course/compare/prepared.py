"""Texts as tensors, the losses on them, and scores on the held-out part."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lora_course.compare.records import METRICS, Metric, TextData
from lora_course.compare.settings import Settings
from lora_course.tasks import Examples
from lora_course.tasks.language import next_token_loss, stream

EVALUATION_BATCH = 32
PROBE = 500  # training examples on which a run is scored as well


@dataclass(frozen=True)
class Prepared:
    """Examples to train on, to test on, and some of those trained on, to compare the test with."""

    train: Examples
    test: Examples
    train_probe: Examples
    classification: bool
    pad: int
    bytes_per_token: float
    metric: Metric


@dataclass(frozen=True)
class Score:
    """What a model reaches on some examples."""

    loss: float
    metric: float


def default_metric(data: TextData) -> str:
    """Accuracy where there are labels, else the loss a token."""
    return "accuracy" if data.classification else "loss"


def prepare(data: TextData, tokenizer: Any, settings: Settings) -> Prepared:
    """Tokenise `data`; ValueError when the metric does not fit it or too little is left."""
    metric = default_metric(data) if settings.metric is None else settings.metric
    fits = ("accuracy", "f1", "loss") if data.classification else ("loss", "bits-per-byte")
    if metric not in fits:
        kind = "classification" if data.classification else "plain text"
        raise ValueError(f"metric={metric!r}: for {kind} it must be one of {', '.join(fits)}")
    pad = tokenizer.pad_token_id
    if data.classification:
        train, test = _labelled(data, tokenizer, settings)
        bytes_per_token = math.nan
    else:
        train, test, bytes_per_token = _windows(data, tokenizer, settings)
    test = test.take(_sample(len(test), settings.test_limit))
    probe = train.take(_sample(len(train), min(PROBE, len(test))))
    return Prepared(train, test, probe, data.classification, pad, bytes_per_token, METRICS[metric])


def _sample(size: int, limit: int) -> Tensor:
    """At most `limit` of `size` places, evenly drawn, always the same."""
    order = torch.randperm(size, generator=torch.Generator().manual_seed(0))
    return order[:limit].sort().values


def _labelled(data: TextData, tokenizer: Any, settings: Settings) -> tuple[Examples, Examples]:
    def examples(texts: Any, labels: Any) -> Examples:
        coded = tokenizer(
            list(texts),
            truncation=True,
            max_length=settings.length,
            padding=True,
            return_tensors="pt",
        )
        ids, mask = coded["input_ids"], coded["attention_mask"]
        return Examples((ids, mask), torch.tensor(labels))

    return examples(data.train, data.train_labels), examples(data.test, data.test_labels)


def _windows(
    data: TextData, tokenizer: Any, settings: Settings
) -> tuple[Examples, Examples, float]:
    def examples(texts: Any, name: str) -> tuple[Examples, int]:
        ids = stream(tokenizer, list(texts))
        count = len(ids) // settings.length
        if count < 2:
            raise ValueError(
                f"{name}: {len(ids)} tokens make fewer than two windows of {settings.length}:"
                " give more text, or a smaller --length"
            )
        cut = ids[: count * settings.length].view(count, settings.length)
        return Examples((cut,), cut), len(ids)

    train, _ = examples(data.train, "train")
    test, tokens = examples(data.test, "test")
    size = sum(len(text.encode()) for text in data.test)
    return train, test, size / tokens


def loss_of(prepared: Prepared) -> Any:
    """The loss that a run minimises: a function of model and batch."""
    return label_loss if prepared.classification else text_loss


def _trim_padding(batch: Examples, device: torch.device) -> tuple[Tensor, Tensor]:
    """A batch's tokens and mask, without the columns that are padding in every row."""
    ids, mask = batch.inputs
    used = int(mask.sum(0).count_nonzero())
    columns = slice(0, used) if mask[:, 0].any() else slice(ids.shape[1] - used, None)
    return ids[:, columns].to(device), mask[:, columns].to(device)


def _device(model: nn.Module) -> torch.device:
    return next(model.parameters()).device


def _logits(model: nn.Module, batch: Examples) -> Tensor:
    ids, mask = _trim_padding(batch, _device(model))
    logits: Tensor = model(input_ids=ids, attention_mask=mask).logits
    return logits.float()


def label_loss(model: nn.Module, batch: Examples) -> Tensor:
    """Mean cross-entropy of the labels (nats)."""
    logits = _logits(model, batch)
    return F.cross_entropy(logits, batch.labels.to(logits.device))


def text_loss(model: nn.Module, batch: Examples) -> Tensor:
    """Mean cross-entropy a token (nats)."""
    (ids,) = batch.inputs
    ids = ids.to(_device(model))
    return next_token_loss(model, Examples((ids,), ids))


@torch.no_grad()
def score(model: nn.Module, examples: Examples, prepared: Prepared) -> Score:
    """Loss and metric of `model` on `examples`."""
    model.eval()
    if prepared.classification:  # like lengths together, so that little is padding
        examples = examples.take(examples.inputs[1].sum(1).argsort(stable=True))
    parts = examples.split(EVALUATION_BATCH)
    if not prepared.classification:
        total = sum(text_loss(model, part).item() * len(part) for part in parts)
        loss = total / len(examples)
        bits = loss / math.log(2) / prepared.bytes_per_token
        return Score(loss, bits if prepared.metric.name == "bits-per-byte" else loss)
    logits = torch.cat([_logits(model, part).cpu() for part in parts])
    loss = F.cross_entropy(logits, examples.labels).item()
    guess = logits.argmax(-1)
    figures = {
        "accuracy": (guess == examples.labels).double().mean().item(),
        "f1": macro_f1(guess, examples.labels),
        "loss": loss,
    }
    return Score(loss, figures[prepared.metric.name])


def macro_f1(guess: Tensor, labels: Tensor) -> float:
    """Mean over the classes of 2·hits / (guessed + present), those in neither left out."""
    values = []
    for label in torch.cat([guess, labels]).unique():
        hits = ((guess == label) & (labels == label)).sum().item()
        both = (guess == label).sum().item() + (labels == label).sum().item()
        values.append(2 * hits / both)
    return sum(values) / len(values)
