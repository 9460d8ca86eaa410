# %% [markdown]
# # 7. Activations
#
# Chapter 7 of 24 · 15 minutes to read, 25 more for the questions · half a minute of computing
#
# **You will measure** what each way of training keeps for the backward pass, and from how many tokens on
# LoRA takes *more* memory than full tuning.
#
# **You need** weights, gradients, state and the peak ([chapter 6](06_state_memory.ipynb)). New words:
# [glossary](glossary.ipynb). First, what do you remember?

# %%
import torch
from peft import LoraConfig, get_peft_model
from lora_course import claim, claims, predict, recall
from lora_course.chapters.ch07_activation_memory import comparison, experiment, explorer, figure
from lora_course.chapters.ch07_activation_memory import questions as ch07
from lora_course.memory import StepSetting, lora_config

recall(chapter=7)

# %% [markdown]
# ## What the backward pass needs
#
# LoRA has few gradients and little state. Why does it still take so much memory? **Activations** are
# what the forward pass keeps for the backward pass. For one token $x$ let $y=Wx+sBAx$, and $g$ the
# loss's gradient for $y$:
#
# |gradient of|is|needs|
# |-|-|-|
# |$W$ (full tuning)|$g\,x^\top$|$x$|
# |$A$|$s\,B^\top g\,x^\top$|$x$|
# |$B$|$s\,g\,(Ax)^\top$|$Ax$|
# |$x$, for the layers below|$W^\top g+s\,A^\top B^\top g$|only weights|
#
# So an adapted layer keeps *more* than a layer tuned in full: $x$ and $Ax$. A frozen one keeps nothing of
# $x$.
#
# By hand: $s=1$, $x=(3,1)$, $A=(1\;\,2)$, $B=(2\;\,1)^\top$, $g=(1,1)$. Then $Ax=5$, so $B$'s gradient is
# $(5,5)^\top$; $B^\top g=3$, so $A$'s is $3\,(3,1)=(9,3)$. PyTorch hands all that it keeps to a *hook*
# ([`saved_tensors_hooks`](https://docs.pytorch.org/docs/stable/autograd.html#saved-tensors-default-hooks)):


# %% tags=["nbval-check-output"]
def pack(tensor):
    seen.append(tensor.tolist())
    return tensor.detach()  # the tensor itself would make a cycle: memory that is never freed


x, W, A, B = map(torch.tensor, ([[3.0, 1]], [[1.0, 0], [0, 1]], [[1.0, 2]], [[2.0], [1]]))
adapter, seen = [A.requires_grad_(), B.requires_grad_()], []
with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
    y = x @ W.T + x @ A.T @ B.T  # W is frozen
y.sum().backward()
print("kept:", seen, "gradients:", [one.grad.tolist() for one in adapter])

# %% [markdown]
# Kept: $x$, $Ax$, and $B$, a parameter, which is in memory anyway.
#
# **Question (a)** · medium, 6 minutes. Bytes that one linear layer keeps, without parameters.
# `way` is `"frozen"`, `"full"` or `"LoRA"`. $A$ multiplies in its own type: where that is not the base's, it is
# the copy of $x$ that is kept. Stuck? In a new cell: `ch07.layer.hint()`, `.hint(2)`, `.solution()`.


# %% tags=["exercise", "nbval-check-output"] question="layer"
def layer_keeps(way, tokens, d_out, d_in, rank, base_bytes, adapter_bytes):
    """Bytes kept; base_bytes and adapter_bytes: of one number."""
    # solution
    if way == "LoRA":
        return tokens * (d_in + rank) * adapter_bytes
    return tokens * d_in * base_bytes if way == "full" else 0
    # blank
    # return ...
    # end


ch07.layer.check(layer_keeps)

# %% [markdown]
# ## A whole model
#
# Attention, MLP and loss keep their own tensors, trained or not: gradients pass through them to the
# adapters below. Now the shipped model in bf16, $T=512$ tokens, rank 8 on all linear layers. PEFT makes
# adapters of a bf16 base fp32.

# %%
guess = predict("PEFT's default keeps how many times what full tuning keeps?", (0.1, 0.5, 0.9, 1.4))

# %%
tokens = experiment.batch(sequences=4)  # of 128 tokens
kept = {"full tuning": experiment.kept(experiment.shipped(), tokens)}
ways = {"bf16 adapters": (0, False), "fp32 + dropout": (0.1, True), "fp32 adapters": (0, True)}
for name, (dropout, fp32) in ways.items():
    config = LoraConfig(r=8, target_modules="all-linear", lora_dropout=dropout)
    model = get_peft_model(experiment.shipped(), config, autocast_adapter_dtype=fp32)
    kept[name] = experiment.kept(model, tokens)
with torch.autocast("cpu", torch.bfloat16):
    kept["fp32 + autocast"] = experiment.kept(model, tokens)
peaks = experiment.peaks()  # of whole steps: 10 seconds
figure.draw(kept, peaks, guess)

# %% tags=["nbval-check-output"]
full, same, dropout, default, autocast = kept.values()
claims(
    claim("fp32 adapters keep over 1.2 times what full tuning does", default / full, above=1.2),
    claim("With dropout: over 1.4 times", dropout / full, above=1.4),
    claim("Under autocast: within 15% of full tuning", autocast / full, above=0.85, below=1.15),
    claim("bf16 adapters keep less than full tuning", same / full, below=1),
    claim("fp32 over bf16, counted by hand", default - same, equals=experiment.by_hand(512, 8)),
)

# %% [markdown]
# **Type.** `q_proj`, `k_proj` and `v_proj` read one tensor and keep it once; so do `gate_proj` and
# `up_proj`; attention keeps `o_proj`'s anyway. fp32 adapters on a bf16 base *copy* theirs, each its own.
# A block of width $d$, its MLP $d_{ff}$: $4(6d+d_{ff}+7r)$ bytes a token, not $2(2d+d_{ff}+7r)$. *Autocast*
# computes in bf16. bf16 adapters keep even less than full tuning: frozen norms and head need less.
#
# **Dropout** of an adapter's input makes such a copy, too, and a *mask*: which numbers were dropped.
# On a GPU, as drawn, a mask is a byte a number; a CPU's is as wide as its input.
#
# **Question (b)** · harder, 8 minutes. Bytes that a block's adapters keep of their inputs ($Ax$ left out).
# `reads[module]` is `[name of the tensor that it reads, its width]`. Count a GPU's mask.


# %% tags=["exercise", "nbval-check-output"] question="inputs"
def inputs_kept(tokens, reads, base_bytes, adapter_bytes, dropout):
    """Bytes kept of the adapters' inputs, masks included; dropout: 0, or a rate."""
    # solution
    if base_bytes == adapter_bytes and not dropout:
        return tokens * sum(dict(reads.values()).values()) * adapter_bytes
    each = adapter_bytes + (1 if dropout else 0)
    return tokens * sum(width for _, width in reads.values()) * each
    # blank
    # return ...
    # end


ch07.inputs.check(inputs_kept)

# %% [markdown]
# ## From how many tokens on?
#
# What *stays* (weights, adapter, state) is less with LoRA; what *each token* adds can be more. So the
# right panel's lines cross. (Full tuning is all in bf16 here; in fp32 it starts far higher.)
#
# **Question (c)** · easy, 5 minutes. Each peak is `stays + each · T`. The smallest whole $T$ with which
# LoRA takes more?


# %% tags=["exercise", "nbval-check-output"] question="break_even"
def more_from(lora_stays, lora_each, full_stays, full_each):
    """A whole number of tokens; None if LoRA never takes more. All in bytes."""
    # solution
    if lora_each <= full_each:
        return None
    return (full_stays - lora_stays) // (lora_each - full_each) + 1
    # blank
    # return ...
    # end


ch07.break_even.check(more_from)

# %% [markdown]
# ## What dominates
#
# These peaks are *traced*: a step on tensors that have shapes and no values. With a large vocabulary
# the **logits** count, too, a score for each token and each word: at the peak the loss holds three copies
# in fp32. One sequence a step; which control moves most?

# %%
explorer.peak_explorer()  # each view takes some seconds

# %% tags=["nbval-check-output"]
ratio = {T: peaks["fp32 adapters"][T] / peaks["full tuning"][T] for T in (128, 1024)}
low, high = (experiment.llama(rank) for rank in (8, 256))  # Llama-3.2-1B; 5 seconds
claims(
    claim("Traced peaks: the CPU allocator's", experiment.largest_error(), below=0.001),
    claim("Shipped model, 128 tokens: LoRA under 0.9 of full tuning", ratio[128], below=0.9),
    claim("1,024 tokens: LoRA over 1.1 times full tuning", ratio[1024], above=1.1),
    claim("Llama, rank 8 to 256: activations grow under 6%", high.kept / low.kept, below=1.06),
    claim("Llama's logits: 3 fp32 copies", low.logits, equals=3 * 4 * 2048 * 128_256),
)

# %% [markdown]
# ## Which decision does this change?
#
# **Tokens first, then types; the rank last.** Too much memory? Fewer tokens a step (batch, length):
# activations and logits shrink with them. Autocast (`bf16=True` in transformers), or bf16 adapters
# (`autocast_adapter_dtype=False`; their cost: chapter 16). `lora_dropout=0`, unless it helps you.
#
# Two reports that this explains: TinyLlama in bf16, $2\times8192$ tokens, took *more* with LoRA, and less
# when short ([PEFT 1514](https://github.com/huggingface/peft/issues/1514); the last cell traces such a
# step); a ResNet-50's activations went from 1,311 to 2,618 MiB, with dropout on a CPU
# ([PEFT 2196](https://github.com/huggingface/peft/issues/2196)).
#
# ## Remember
#
# - Adapted layers keep $x$ and $Ax$; frozen ones nothing of $x$.
# - fp32 adapters on a bf16 base keep copies; dropout keeps copies and masks.
# - LoRA's advantage is fixed; activations grow with the tokens.
#
# Next: keep less and compute again, in [chapter 8](08_checkpointing.ipynb).
#
# **Sources:** above, and the [glossary](glossary.ipynb). Last, **your model**: any name of
# `lora-course memory --list`, a folder, or a `config.json` (in a terminal: `lora-course memory`):

# %%
step = StepSetting(batch_size=2, seq_length=8192, adapter_precision="fp32")
print(comparison.compare("TinyLlama-1.1B", lora_config(64, lora_dropout=0.0), step))
