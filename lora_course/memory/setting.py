"""What a training step's memory depends on besides the model and its adapter."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lora_course.arguments import one_of, whole

QUANTISED = ("int8", "nf4", "nf4-single")
PRECISIONS = ("fp32", "bf16", "fp16", *QUANTISED)
"""Of the base weights. nf4 is with double quantisation, as QLoRA uses it; nf4-single without."""
ADAPTER_PRECISIONS = ("fp32", "bf16", "fp16")
OPTIMIZERS = (
    "adamw",
    "adamw-8bit",
    "paged-adamw",
    "paged-adamw-8bit",
    "sgd",
    "sgd-momentum",
    "adafactor",
    "lora-plus",
)
ATTENTIONS = ("auto", "sdpa", "eager")


@dataclass(frozen=True)
class StepSetting:
    """How one trains.

    `attention`: auto is the model's own default, sdpa (fused) where it has it, else eager.
    `adapter_precision`: PEFT makes 16-bit adapters fp32 unless told not to. `autocast`: to bf16.
    `checkpointing`: the blocks' insides are computed again in the backward pass. `padded`: batches
    hold padding, so that attention gets a mask. `keep_logits`: the training loop holds the
    model's output until the step is over (Trainer does not). `loss_chunk`: the loss is taken of so
    many tokens at a time, all at once where 0. `eval_batch_size`: sequences of an evaluation's
    batch, where there is one. `on_cpu`: as a CPU does it, which copies where an operation reads two
    types, and keeps more of dropout.
    """

    precision: str = "bf16"
    batch_size: int = 1
    seq_length: int = 2048
    optimizer: str = "adamw"
    adapter_precision: str = "fp32"
    attention: str = "auto"
    autocast: bool = False
    checkpointing: bool = False
    padded: bool = False
    keep_logits: bool = False
    loss_chunk: int = 0
    eval_batch_size: int | None = None
    on_cpu: bool = False

    def __post_init__(self) -> None:
        one_of("precision", self.precision, PRECISIONS)
        one_of("optimizer", self.optimizer, OPTIMIZERS)
        one_of("adapter_precision", self.adapter_precision, ADAPTER_PRECISIONS)
        one_of("attention", self.attention, ATTENTIONS)
        whole("batch_size", self.batch_size)
        whole("seq_length", self.seq_length)
        whole("loss_chunk", self.loss_chunk, at_least=0)
        if self.eval_batch_size is not None:
            whole("eval_batch_size", self.eval_batch_size)

    def evaluation(self) -> StepSetting:
        """The same with an evaluation's batch."""
        return replace(self, batch_size=self.eval_batch_size or self.batch_size)

    @property
    def dtype(self) -> str:
        """The type of what is not quantised: bf16 beside quantised weights."""
        return "bf16" if self.precision in QUANTISED else self.precision
