"""Language modelling on plain text: token streams, windows, the next-token loss."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lora_course.tasks import Examples

EVALUATION_BATCH = 16  # windows; of more, the logits alone are the largest thing in memory
IGNORED = -100  # the label of a window's last token, whose successor is not there


def stream(tokenizer: Any, texts: list[str]) -> Tensor:
    """All texts as one row of tokens, each closed by the end token."""
    parts = []
    for text in texts:  # one by one: the encodings of all at once take 100 bytes a token
        encoded = tokenizer(text, verbose=False, return_attention_mask=False)["input_ids"]
        parts.append(torch.tensor([*encoded, tokenizer.eos_token_id]))
    return torch.cat(parts)


def next_token_loss(model: nn.Module, batch: Examples) -> Tensor:
    """Mean cross-entropy (nats) of each token but the first, given those before it."""
    (ids,) = batch.inputs
    logits = model(input_ids=ids).logits
    # Shifting the labels, not the logits, spares copies of the largest tensor there is.
    labels = F.pad(ids[:, 1:], (0, 1), value=IGNORED)
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED)


@torch.no_grad()
def held_out_loss(model: nn.Module, tokens: Tensor, context: int) -> float:
    """Mean nats a token over `tokens`, cut into windows of `context`."""
    model.eval()
    windows = tokens[: len(tokens) // context * context].view(-1, context)
    total = sum(
        next_token_loss(model, Examples((part,), part)).item() * len(part)
        for part in windows.split(EVALUATION_BATCH)
    )
    return total / len(windows)
