# %% [markdown]
# # 8. Activation checkpointing
#
# Chapter 8 of 24 · 15 minutes to read, 20 more for the questions · half a minute of computing
#
# **You will measure** which bytes checkpointing saves, how many FLOPs it costs, and which settings spoil the
# gradients.
#
# **You need** activations, what the forward pass keeps for the backward pass
# ([chapter 7](07_activation_memory.ipynb)). New words: [glossary](glossary.ipynb). First, what do you remember?

# %%
import torch
from peft import LoraConfig
from torch.utils.checkpoint import checkpoint

from lora_course import claim, claims, predict, recall
from lora_course.chapters.ch08_checkpointing import chain, experiment, explorer, figure
from lora_course.chapters.ch08_checkpointing import questions as ch08

recall(chapter=8)

# %% [markdown]
# ## Forget, and compute again
#
# The backward pass needs activations one layer after another, last to first.
# **Checkpointing** keeps only the input of a **segment** (some layers in a row) and forgets what is inside.
# Arrived there, the backward pass runs the segment forward again, and now keeps all. By hand, for three
# blocks with adapters:

# %% tags=["nbval-check-output"]
segment, x = torch.nn.Sequential(*chain.blocks(3)), chain.some_rows()
with torch.no_grad():
    y = segment(x)  # forward: of the segment, only x is kept
ours = chain.gradients(segment(x), segment)  # forward again, and now backward
theirs = chain.gradients(checkpoint(segment, x, use_reentrant=False), segment)  # PyTorch's
claims(claim("Of 12 gradients, equal to the bit", sum(map(torch.equal, ours, theirs)), equals=12))

# %% [markdown]
# ## What it costs
#
# **FLOPs** are multiplications and additions, counted each; here those of matrix products. A layer with $N$
# weights takes $2N$ a token forward. Backward it takes $2N$ for the gradient of its *input*, and $2N$ for that
# of its *weights*. So full tuning's step is three forward passes, and one more makes $4/3$. With LoRA, too?
#
# Below: a Llama of 12 layers with random weights, each layer a segment; the output head is in none.

# %%
guess = predict("With LoRA, how many times as many FLOPs?", (1.15, 1.33, 1.45, 2))

# %%
lora = LoraConfig(r=8, lora_dropout=0.05, target_modules="all-linear", init_lora_weights=False)
steps, tokens = {}, experiment.some_tokens()
for name, adapter in {"LoRA": lora, "full tuning": None}.items():
    model = experiment.language_model(adapter)
    steps[name, False] = experiment.step(model, tokens)
    model.activation_checkpointing_enable()  # transformers
    steps[name, True] = experiment.step(model, tokens)
figure.draw_steps(steps, guess)

# %% tags=["nbval-check-output"]
with_lora, in_full = (experiment.cost(steps, name) for name in ("LoRA", "full tuning"))
claims(
    claim("LoRA: over 5 times fewer bytes beyond the weights", with_lora.saved, above=5),
    claim("LoRA: 1.4 to 1.5 times as many FLOPs", with_lora.flops, above=1.4, below=1.5),
    claim("Full tuning: 1.2 to 4/3 times", in_full.flops, above=1.2, below=4 / 3),
    claim("Losses and gradients that changed", with_lora.unequal + in_full.unequal, equals=0),
    guess=guess,
)

# %% [markdown]
# **With LoRA it is nearly a half more.** Frozen weights need no gradient: a step is *two* forward passes, and
# one more makes $3/2$. Both are a little less here: the head does not run again, and PyTorch stops in each
# layer once it has all that was kept. (In full tuning that leaves out a layer's last product.) LoRA's bytes
# begin higher because of dropout ([chapter 7](07_activation_memory.ipynb)).
#
# **Question (a)** · easy, 5 minutes. Compute the factor. `layers` and `head` are the FLOPs of their forward
# passes; all layers run again, the head does not. Neglect the adapters' own.
# Stuck? In a new cell: `ch08.factor.hint()`, `.hint(2)`, `.solution()`.


# %% tags=["exercise", "nbval-check-output"] question="factor"
def flops_factor(layers, head, method):
    """FLOPs of a step with checkpointing over without; method is "full" or "LoRA"."""
    # solution
    passes = 3 if method == "full" else 2
    return 1 + layers / (passes * (layers + head))
    # blank
    # return ...
    # end


ch08.factor.check(flops_factor)

# %% [markdown]
# ## How long a segment?
#
# A **boundary** is what goes from one layer to the next; an **inside**, what one layer keeps, its input
# included. $L$ layers in segments of $k$ hold $L/k$ boundaries, and the $k$ insides of the one open segment.
# By hand, 12 layers, boundary 1 MB, inside 3 MB (all kept: 36 MB):
#
# |$k$|boundaries|insides|MB|
# |-|-|-|-|
# |1|12|1·3|15|
# |2|6|2·3|**12**|
# |4|3|4·3|15|
# |12|1|12·3|37|
#
# It is least where both parts are equal: $k=\sqrt{L\cdot\text{boundary}/\text{inside}}$, here 2. The
# well-known $\sqrt{L}$ ([Chen et al.](https://arxiv.org/abs/1604.06174)) is for inside = boundary. Each
# layer runs again once, whatever $k$.
#
# **Question (b)** · medium, 7 minutes. Bytes held with segments of `segment` layers, and the length that
# holds least, of those that divide `layers`. Then move the controls, and measure: 36 blocks;
# Llama-3.1-8B, traced.


# %% tags=["exercise", "nbval-check-output"] question="plan"
def plan(layers, boundary, inside, segment):
    """A dict: held, in bytes, and best, a segment length."""

    # solution
    def held(length):
        return layers // length * boundary + length * inside

    lengths = [length for length in range(1, layers + 1) if layers % length == 0]
    return {"held": held(segment), "best": min(lengths, key=held)}
    # blank
    # return ...
    # end


ch08.plan.check(plan)

# %%
explorer.segment_explorer()

# %%
large = experiment.llama_8b(rank=16, length=2048)
held = chain.held_in_segments(chain.blocks(36), x, lengths=(1, 2, 3, 4, 6, 9, 12))
figure.draw_segments(held, x.nbytes, chain.kept_inside(segment[1], x), layers=36)

# %% tags=["nbval-check-output"]
claims(
    claim("36 blocks: the best length", min(held, key=held.get), equals=3),
    claim("√36 = 6 holds over 1.15 times as much", held[6] / held[3], above=1.15),
    claim("Llama-3.1-8B: an inside is over 20 boundaries", large.inside, above=20),
    claim("Llama-3.1-8B: the peak becomes less than 0.6", large.peak, below=0.6),
    claim("Llama-3.1-8B: 1.4 to 1.5 times the FLOPs", large.flops, above=1.4, below=1.5),
)

# %% [markdown]
# So for a decoder $k=1$ is best, and transformers does that.
#
# ## Gradients: None, or wrong
#
# PyTorch's older way, *reentrant*, gives gradients only where the segment's **input** asks for one. After a
# frozen embedding it does not, and the adapters in the segment get None. Nothing fails where something
# behind trains, such as a head; there is one warning. transformers 5 makes the embedding's output ask
# (`enable_input_require_grads`), so there the trap is gone.
#
# Dropout has to draw the same mask again. For that, checkpoint keeps the random state, unless told not to.
# How far gradients are then *off*: the size of the difference over their own.

# %% tags=["nbval-check-output"]
plain, older = (experiment.seeds(lora, tokens, **o) for o in ({}, {"use_reentrant": True}))
no_state = experiment.seeds(lora, tokens, use_reentrant=False, preserve_rng_state=False)
claims(
    claim("Reentrant, by hand: 12 of 12 gradients None", chain.missing(reentrant=True), equals=12),
    claim("Reentrant, PEFT: gradients that changed", experiment.unequal(plain, older), equals=0),
    claim("No random state: gradients off by over 0.2", experiment.off(plain, no_state), above=0.2),
)

# %% [markdown]
# **Question (c)** · harder, 8 minutes. Run `blocks`, with adapters and dropout, in segments of `segment`, the
# last one maybe shorter. `x` comes from a frozen embedding. The gradients: those of a plain run.


# %% tags=["exercise", "nbval-check-output"] question="segments"
def run_in_segments(blocks, x, segment):
    """The output of all blocks; of a segment, only its input is kept."""
    # solution
    for first in range(0, len(blocks), segment):
        part = torch.nn.Sequential(*blocks[first : first + segment])
        x = checkpoint(part, x, use_reentrant=False)
    return x
    # blank
    # return ...
    # end


ch08.segments.check(run_in_segments)

# %% [markdown]
# ## Which decision does this change?
#
# **Checkpoint or not, and where.** A step that fits without it: leave it off. Else every layer:
# `TrainingArguments(activation_checkpointing=True)` or `model.activation_checkpointing_enable()`; with
# `every_n_layers=2` every other layer, for half the price. In
# older versions: `model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})`. That answers
# "How to do Gradient Checkpoint + LoRA" ([PEFT, issue 1142](https://github.com/huggingface/peft/issues/1142));
# or `model.enable_input_require_grads()`, where gradients are None
# ([LoRA, issue 120](https://github.com/microsoft/LoRA/issues/120);
# [open-unlearning, issue 178](https://github.com/locuslab/open-unlearning/issues/178)).
#
# ## Remember
#
# - Bytes: boundaries, and one open segment. Loss and gradients: equal to the bit.
# - FLOPs: with LoRA nearly a half more, in full tuning up to a third.
# - Best $k$: $\sqrt{L\cdot\text{boundary}/\text{inside}}$; for decoders 1.
# - Once it is on, look for gradients that are None.
#
# Next: from FLOPs to time, in [chapter 9](09_time.ipynb).
#
# **Sources:** above, and the [glossary](glossary.ipynb).
