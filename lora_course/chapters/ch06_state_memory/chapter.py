# %% [markdown]
# # 6. Weights, gradients, optimizer
#
# Chapter 6 of 24 · 15 minutes to read, 20 more for the questions · half a minute of computing
#
# **You will measure** what each trained number costs, to the byte, what 8-bit Adam saves on an adapter,
# and at which moment of a step most memory is held.
#
# **You need** Adam's two averages ([chapter 4](04_rank_selection.ipynb)) and the count $n$ of what trains
# ([chapter 5](05_counting_parameters.ipynb)). New words: [glossary](glossary.ipynb). First, what do you
# remember?

# %%
from bitsandbytes.optim import AdamW8bit
from peft import LoraConfig, get_peft_model
from torch.optim import AdamW

from lora_course import claim, claims, predict, recall
from lora_course.chapters.ch06_state_memory import experiment, explorer, figure
from lora_course.chapters.ch06_state_memory import questions as ch06
from lora_course.tasks.style import StyleShift

recall(chapter=6)

# %% [markdown]
# ## To the byte
#
# A number that trains is held four times: the *weight*, its *gradient*, and Adam's two averages, the
# *optimizer state*. In fp32, 4 bytes each, that makes 16. And PyTorch's Adam counts its steps, in one fp32
# number **for each tensor**.
#
# By hand: $W$ is $2\times2$, $r=1$. $A$ and $B$ are two tensors of two numbers, so $n=4$:
#
# |weights|gradients|averages|counters|all|
# |-|-|-|-|-|
# |$4\cdot4$|$4\cdot4$|$4\cdot8$|$2\cdot4$|$16\cdot4+4\cdot2=72$ bytes|
#
# Frozen weights take their own bytes alone: 4 in fp32, 2 in bf16, about half a byte in nf4 (chapter 17).
# One real step (forward, backward, optimizer) of three models, all tensors counted:

# %% tags=["nbval-check-output"]
task, config = StyleShift(), LoraConfig(r=8, lora_alpha=16, target_modules="all-linear")
models = {
    "full tuning": task.model(),
    "fp32 adapter": get_peft_model(task.model(), config),
    "bf16 adapter": get_peft_model(task.model().bfloat16(), config, autocast_adapter_dtype=False),
}
full, fp32, bf16 = (experiment.one_step(model, AdamW) for model in models.values())
claims(
    claim("full tuning: 16 n + 4 a tensor", full.trained, equals=16 * full.n + 4 * full.tensors),
    claim("fp32 adapter: the same rule", fp32.trained, equals=16 * fp32.n + 4 * fp32.tensors),
    claim("bf16 adapter: 8 n + 4 a tensor", bf16.trained, equals=8 * bf16.n + 4 * bf16.tensors),
)

# %% [markdown]
# ## Eight bits
#
# 8-bit Adam ([bitsandbytes](https://huggingface.co/docs/bitsandbytes/optimizers)) stores each average in
# one byte: 2 bytes in place of 8. Our adapter has rank 8.

# %%
guess = predict("8-bit Adam on this adapter saves …?", ("nothing", "half the state", "3/4 of it"))

# %%
models["rank 64"] = get_peft_model(task.model(), LoraConfig(r=64, target_modules="all-linear"))
state = {name: experiment.one_step(model, AdamW8bit).state_each for name, model in models.items()}

# %% tags=["nbval-check-output"]
usual = experiment.saved_by_8_bits("Llama-3.1-8B", rank=16)  # bf16 base, 2,048 tokens
high = experiment.saved_by_8_bits("Llama-3.1-8B", rank=256, precision="nf4", seq_length=256)
claims(
    claim("rank 8: 8 bytes of state a number, nothing saved", state["fp32 adapter"], equals=8.0),
    claim("rank 8 in bf16: 8 again, about twice AdamW's", state["bf16 adapter"], equals=8.0),
    claim("rank 64, full tuning: near 2", max(state["rank 64"], state["full tuning"]), below=2.1),
    claim("Llama-3.1-8B, rank 16: saves under 1% of a step's memory", usual, below=0.01),
    claim("Llama-3.1-8B, rank 256, nf4 base, 256 tokens: over 20%", high, above=0.2),
    guess=guess,
)

# %% [markdown]
# A tensor with fewer than 4,096 entries keeps fp32 averages
# ([documentation](https://huggingface.co/docs/bitsandbytes/optimizers)), even if it is bf16 itself. At rank
# 8 every $A$ and $B$ here is that small. Llama's are large enough, but most adapters are a small part of
# memory. Move the rank, then the model: where does the last part shrink?

# %%
explorer.state_explorer()

# %% [markdown]
# **Question (a)** · medium, 7 minutes. `shapes` maps names of trained fp32 tensors to their shapes.
# A *tied* tensor has two names: `tied` maps the second to the first. 8-bit AdamW has no counters in
# tensors; leave out its scales (the bit above 2). Stuck? In a new cell: `ch06.state.hint()`, `.hint(2)`,
# `.solution()`.


# %% tags=["exercise", "nbval-check-output"] question="state"
def state_bytes(shapes, tied, optimizer):
    """Bytes of the state; the optimizer is "AdamW" or "AdamW8bit"."""
    # solution
    from math import prod

    sizes = [prod(shape) for name, shape in shapes.items() if name not in tied]
    if optimizer == "AdamW":
        return sum(8 * size + 4 for size in sizes)
    return sum(8 * size if size < 4096 else 2 * size for size in sizes)
    # blank
    # return ...
    # end


ch06.state.check(state_bytes)

# %% [markdown]
# ## When
#
# Not everything is held at once. The **peak** is the most bytes held *at one moment*. By hand:
#
# |comes (+), goes (−)|weights +4|kept +3|kept −3|gradients +2|
# |-|-|-|-|-|
# |held|4|**7**|4|6|
#
# The peak is 7, not $4+3+2$. Below, every tensor of two real steps is watched: F forward, B backward, O
# optimizer. Grey is everything else, mostly what the forward pass keeps
# ([chapter 7](07_activation_memory.ipynb)); 64 tokens keep it small. `foreach` and `fused` compute the
# same AdamW, for all tensors at once: `foreach` with a copy of them in between.

# %%
runs = {
    "full tuning, foreach": experiment.two_steps(models["full tuning"], AdamW, foreach=True),
    "full tuning, fused": experiment.two_steps(models["full tuning"], AdamW, fused=True),
    "LoRA, rank 8, fused": experiment.two_steps(models["fp32 adapter"], AdamW, fused=True),
}
figure.draw_timelines(runs)

# %% tags=["nbval-check-output"]
foreach, fused, lora = runs.values()
zeroed = experiment.two_steps(models["full tuning"], AdamW, fused=True, set_to_none=False)
claims(
    claim("foreach: 4 bytes a number more in step()", foreach.more(fused, "optimizer"), equals=4),
    claim("Step 2: forward holds more, by the state", fused.later("forward"), equals=fused.state),
    claim("Zeroed gradients: forward, 4 bytes more each", zeroed.more(fused, "forward"), equals=4),
    claim("LoRA: under 15% of the peak is the adapter's", lora.share_trained, below=0.15),
)

# %% [markdown]
# The state comes with the first `step()`: a run can fit one step and fail in the second. Gradients come
# as grey goes. `zero_grad()` sets them to None: they are gone. With `set_to_none=False` they are filled
# with zeros, and held through the next forward pass. Full tuning is fullest as the backward pass ends,
# LoRA as it begins.
#
# **Question (b)** · easy, 5 minutes. Each event is a pair of a name and a change: bytes that came, or went
# (below 0).


# %% tags=["exercise", "nbval-check-output"] question="peak"
def find_peak(events):
    """A dict: bytes, the peak; moment, the number (from 0) of the first event that reaches it."""
    # solution
    held, best = 0, {"bytes": 0, "moment": 0}
    for moment, (_, change) in enumerate(events):
        held += change
        if held > best["bytes"]:
            best = {"bytes": held, "moment": moment}
    return best
    # blank
    # return ...
    # end


ch06.peak.check(find_peak)

# %% [markdown]
# **Question (c)** · medium, 5 minutes. A sketch of any step from the second on, with `fused`: it is
# fullest either as the forward pass ends, with all that it keeps (`kept`), or as the backward pass ends,
# with all gradients. `weights` are all weights, frozen ones too.


# %% tags=["exercise", "nbval-check-output"] question="step"
def step_peak(weights, gradients, state, kept, set_to_none):
    """Bytes at the fuller of the two moments."""
    # solution
    old = 0 if set_to_none else gradients
    return weights + state + max(kept + old, gradients)
    # blank
    # return ...
    # end


ch06.step.check(step_peak)

# %% [markdown]
# ## Which decision does this change?
#
# **The optimizer.** For an adapter of usual rank AdamW, fused (`optim="adamw_torch_fused"`, transformers'
# [default](https://huggingface.co/docs/transformers/main_classes/trainer)). 8-bit Adam pays where much
# trains: full tuning, embeddings in `modules_to_save`, a high rank on an nf4 base. More held than you
# counted? Perhaps `foreach`, as in [torchtune 389](https://github.com/meta-pytorch/torchtune/pull/389):
# PyTorch's [default on a GPU](https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html).
#
# **The adapter's precision.** fp32, PEFT's default: bf16 halves a small part; chapter 16 measures what
# that costs.
#
# Why was LoRA's peak *higher* than full tuning's
# ([torchtune 794](https://github.com/meta-pytorch/torchtune/issues/794))? The full recipe had another
# optimizer, and used up each gradient within the backward pass: compare under one recipe.
#
# ## Remember
#
# - A trained number takes 16 bytes in fp32, a tensor 4 more. Frozen: its own bytes alone.
# - 8-bit Adam decides tensor by tensor: below 4,096 entries it saves nothing.
# - A peak is one moment, not a sum of parts. Watch the second step.
#
# Next: the grey part, in [chapter 7](07_activation_memory.ipynb).
#
# **Sources:** above, [8-bit optimizers](https://arxiv.org/abs/2110.02861), and the
# [glossary](glossary.ipynb).
