"""Train the shipped base model from nothing but Python's own documentation.

`python tools/train_base_model.py --out FOLDER` writes weights, tokenizer and card. Its defaults
are the shipped model's; the same Python, torch and machine give the same weights.
"""

from __future__ import annotations

import argparse
import platform
from pathlib import Path
from typing import Any

import torch
from torch import nn

from lora_course.arguments import whole
from lora_course.core.training import fit_batches
from lora_course.tasks import Examples, corpus
from lora_course.tasks.language import held_out_loss, next_token_loss, stream
from lora_course.threads import threads

VOCABULARY, CONTEXT = 1024, 128
END, PAD = "<|end|>", "<|pad|>"
SHAPE = {
    "hidden_size": 128,
    "intermediate_size": 384,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "max_position_embeddings": 512,
    "tie_word_embeddings": True,
}
# Held-out loss 3.09; 3.12 with 2,200 steps at twice the weight decay and a peak of 4e-3.
STEPS, BATCH, LEARNING_RATE, WEIGHT_DECAY, SEED = 1400, 32, 3e-3, 0.5, 0
REPORT_EVERY = 100

CARD = """\
---
language: en
license: apache-2.0
library_name: transformers
---
# A small model of documentation prose

A Llama of {parameters:,} parameters (4 layers, 128 wide, byte-level BPE of {vocabulary:,} tokens),
made for a course on low-rank adaptation: small enough to adapt on one CPU core in seconds.

- **Corpus**: the English prose in the library of CPython {python}: docstrings, comments and the
  topics of `help()`, {tokens:,} tokens. A fifth of the library's files, chosen by a hash of their
  path, is held out. No code, no other text.
- **Training**: {steps:,} steps of {batch} × {context} tokens, AdamW (weight decay {decay:g}), one
  cycle to {rate:g}, seed {seed}, one thread, torch {torch}: `python tools/train_base_model.py`.
- **Loss**: {train:.3f} nats a token at the end of training, {held_out:.3f} on the held-out files
  ({bits:.3f} bits a byte), measured on the stored bfloat16 weights.
- **Limits**: it knows the manner of Python's documentation and little else. It cannot follow
  instructions or answer questions, and nobody should use what it writes. It reads up to {context}
  tokens as it was trained to; longer texts are outside its experience.
"""


def build_tokenizer(texts: list[str]) -> Any:
    """A byte-level BPE tokenizer of VOCABULARY tokens, learnt from `texts`."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END, PAD],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe, eos_token=END, pad_token=PAD, model_max_length=CONTEXT
    )


def build_model(tokenizer: Any, seed: int) -> nn.Module:
    """A fresh Llama of about a million parameters."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        use_cache=False,
        **SHAPE,  # type: ignore[arg-type]
    )
    model: nn.Module = LlamaForCausalLM(config)
    return model


def train(out: Path, *, steps: int = STEPS, seed: int = SEED) -> None:
    """Train on the prose of "train"; save weights (bf16), tokenizer and card to `out`."""
    texts, held_out_texts = corpus.prose("train"), corpus.prose("test")
    tokenizer = build_tokenizer(texts)
    model: Any = build_model(tokenizer, seed)
    tokens, held_out = stream(tokenizer, texts), stream(tokenizer, held_out_texts)
    generator = torch.Generator().manual_seed(seed)
    starts = torch.randint(len(tokens) - CONTEXT, (steps, BATCH), generator=generator)
    offsets = torch.arange(CONTEXT)

    def batch_at(step: int) -> Examples:
        if step % REPORT_EVERY == 0:
            loss = held_out_loss(model, held_out, CONTEXT)
            print(f"step {step:,} of {steps:,}: held-out loss {loss:.4f}", flush=True)
            model.train()
        ids = tokens[starts[step, :, None] + offsets]
        return Examples((ids,), ids)

    with threads(1):
        history = fit_batches(
            model,
            batch_at,
            steps=steps,
            learning_rate=LEARNING_RATE,
            schedule="one-cycle",
            weight_decay=WEIGHT_DECAY,
            loss=next_token_loss,
        )
        model = model.to(torch.bfloat16)
        model.save_pretrained(out)
        tokenizer.save_pretrained(out)
        loss = held_out_loss(model.float(), held_out, CONTEXT)
    size = sum(len(text.encode()) for text in held_out_texts)
    card = CARD.format(
        parameters=sum(p.numel() for p in model.parameters()),
        vocabulary=VOCABULARY,
        python=platform.python_version(),
        tokens=len(tokens),
        steps=steps,
        batch=BATCH,
        context=CONTEXT,
        decay=WEIGHT_DECAY,
        rate=LEARNING_RATE,
        seed=seed,
        torch=torch.__version__,
        train=history.losses[-100:].mean().item(),
        held_out=loss,
        bits=loss / 0.6931471805599453 * len(held_out) / size,
    )
    (out / "README.md").write_text(card, encoding="utf-8")
    print(f"held-out loss {loss:.4f}; wrote {out}")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the model")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"default: {STEPS}")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    train(options.out, steps=whole("steps", options.steps), seed=options.seed)


if __name__ == "__main__":
    main()
