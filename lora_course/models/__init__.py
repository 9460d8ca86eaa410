"""The shipped base model: a small causal language model of English prose, and its tokenizer."""

from __future__ import annotations

from pathlib import Path

BASE_MODEL = Path(__file__).resolve().parent / "prose-1m"
"""The folder to hand to transformers' `from_pretrained`."""
