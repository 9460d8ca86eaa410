# %% [markdown] draft=true
# # 9. Where the time goes
#
# Chapter 9 of 24 · 15 minutes to read, 15 more for the questions · half a minute of computing
#
# **You will measure** how many FLOPs a step of LoRA saves, how much time, and what takes the rest.
#
# **You need** gradients ([chapter 2](02_quiet_start.ipynb)), FLOPs and checkpointing (chapter 8). New words:
# [glossary](glossary.ipynb). First, what do you remember?

# %%
from peft import LoraConfig, get_peft_model

from lora_course import claim, claims, predict, recall
from lora_course.chapters.ch09_time import clock, experiment, explorer, figure
from lora_course.chapters.ch09_time import questions as ch09

recall(chapter=9)

# %% [markdown]
# ## Three products, or two
#
# A step sees $T$ tokens. In a product with a linear layer's $N$ weights, each weight takes a multiplication
# and an addition a token: $2TN$ FLOPs. Its adapter has $n=r(d_{in}+d_{out})$ numbers.
#
# |product|full tuning|LoRA|
# |-|-|-|
# |forward|$2TN$|$2TN+2Tn$|
# |**input gradients**, for the layer below|$2TN$|$2TN+2Tn$|
# |**weight gradients**, for what trains|$2TN$|$2Tn$|
#
# The frozen $W$ needs no weight gradients: $4TN+6Tn$ in place of $6TN$. By hand, one token, $r=1$: for
# $2\times2$, $N=4$ and $n=4$, that is $16+24=40$ against 24: *more*. For $100\times100$:
# 41,200 against 60,000.
#
# **Question (a)** · easy, 4 minutes. Count a step over several matrices. Stuck? In a new cell:
# `ch09.flops.hint()`, `ch09.flops.hint(2)`, `ch09.flops.solution()`.


# %% tags=["exercise", "nbval-check-output"] question="flops"
def step_flops(shapes, tokens, rank):
    """A dict: full and lora, the FLOPs of a step; shapes is a list of pairs (d_out, d_in)."""
    # solution
    full = sum(6 * tokens * d_out * d_in for d_out, d_in in shapes)
    adapters = sum(6 * tokens * rank * (d_out + d_in) for d_out, d_in in shapes)
    return {"full": full, "lora": full * 2 / 3 + adapters}
    # blank
    # return ...
    # end


ch09.flops.check(step_flops)

# %% [markdown]
# **Question (b)** · medium, 4 minutes. Up to which rank does LoRA take *fewer* FLOPs than full tuning? (At
# the **break-even** rank it takes as many.)


# %% tags=["exercise", "nbval-check-output"] question="rank"
def largest_cheaper_rank(d_out, d_in):
    """The largest rank at which the step of one matrix takes fewer FLOPs than full tuning's."""
    # solution
    return (d_out * d_in - 1) // (3 * (d_out + d_in))
    # blank
    # return ...
    # end


ch09.rank.check(largest_cheaper_rank)

# %% [markdown]
# ## Counted
#
# PyTorch's `FlopCounterMode` counts products as they are made (on a CPU it sees neither fused attention
# nor 4-bit layers). Our models are Llamas of two layers with random weights. The table above lacks two
# terms: attention multiplies tokens by tokens, and LoRA spares nothing of that; below the first layer
# nothing trains, so its query, key and value need no input gradients.


# %% tags=["nbval-check-output"]
def lora(model, r=8, **more):
    config = LoraConfig(r=r, lora_alpha=16, target_modules=experiment.LINEAR, **more)
    return get_peft_model(model, config)


tokens = experiment.random_tokens(sequences=8, length=32)
full = experiment.count(experiment.base(384), tokens)
adapted = experiment.count(lora(experiment.base(384)), tokens)
short, long = (experiment.share_of_full("Llama-3.2-1B", 8, length) for length in (512, 8192))
claims(
    claim("Full tuning: counted as by hand", full, equals=experiment.hand(384, tokens)),
    claim("LoRA: counted as by hand", adapted, equals=experiment.hand(384, tokens, rank=8)),
    claim("Width 384, r = 8: about 2/3 of the FLOPs", adapted / full, above=0.63, below=0.7),
    claim("Llama-3.2-1B, r = 8, texts of 512: about 2/3", short, above=0.63, below=0.7),
    claim("Llama-3.2-1B, r = 8, texts of 8,192: over 3/4", long, above=0.75),
)

# %%
explorer.flops_explorer()

# %% [markdown]
# ## And the time?
#
# CPU time wanders. So all models step *in turns*; the first two rounds, the **warm-up**, are left
# out; in each round we divide by full tuning's time; then we take the median.

# %%
guess = predict(
    "Width 96: LoRA's step takes which share of full tuning's time?", (0.5, 0.7, 1, 1.2)
)

# %%
kinds = {"LoRA, r = 8": {}, "LoRA, r = 64": {"r": 64}, "DoRA, r = 8": {"use_dora": True}}
kinds["upper half"] = {"layers_to_transform": [1]}
flops, seconds = {}, {}
for width in (96, 192, 384):  # 10 seconds
    models = experiment.models(lora, kinds, width)  # with full tuning and checkpointing
    flops[width] = {kind: experiment.count(model, tokens) for kind, model in models.items()}
    seconds[width] = clock.steps(models, tokens)
figure.draw(flops, seconds, guess)

# %%
two = {kind: models[kind] for kind in ("full tuning", "LoRA, r = 8")}
for these in (tokens[:1, :16], tokens):  # width 384: where is the time?
    print(clock.table(clock.steps(two, these), these.numel()))

# %% tags=["nbval-check-output"]
full, r8, r64, dora, upper, _ = flops[96].values()
calls = experiment.calls(experiment.models(lora, kinds, 96), tokens)  # by PyTorch's profiler
wide = experiment.calls(two, tokens)["LoRA, r = 8"]
claims(
    claim("Width 96, r = 64: more FLOPs than full tuning", r64 / full, above=1.1),
    claim("Upper half: under 0.65 of full tuning's FLOPs", upper / full, below=0.65),
    claim("DoRA: under 1.1 times LoRA's FLOPs", dora / r8, below=1.1),
    claim("LoRA: over 1.3 times the calls", calls["LoRA, r = 8"] / calls["full tuning"], above=1.3),
    claim("LoRA, four times the width: as many calls", wide, equals=calls["LoRA, r = 8"]),
)

# %% [markdown]
# Three things take time and hardly any FLOPs:
#
# - **Calls.** Each operation takes microseconds, however small its arrays. LoRA adds calls at
#   every width; large products hide them.
# - **Memory.** [DoRA](https://arxiv.org/abs/2402.09353) divides by the norm of each row of $W+\Delta W$: in
#   each forward pass it writes a matrix as large as $W$.
# - **The optimizer.** Full tuning's moves every weight, also after a step of few tokens. There LoRA can
#   save a larger share of the time than of the FLOPs.
#
# **Question (c)** · medium, 5 minutes. From two lists of seconds, a number a round, the ratio as in
# our figure.


# %% tags=["exercise", "nbval-check-output"] question="ratio"
def time_ratio(a, b, warm_up):
    """How many times as long a takes as b: without the first warm_up rounds, round by round."""
    # solution
    from statistics import median

    return median([x / y for x, y in zip(a, b)][warm_up:])
    # blank
    # return ...
    # end


ch09.ratio.check(time_ratio)

# %% [markdown]
# ## When the model is used
#
# One token, no gradients, width 256. DoRA's norms take as much work for one token as for a thousand; PEFT
# can keep them (`DoraCaching`).

# %%
used = experiment.used(lora, width=256)
print(clock.lines(clock.forwards(used, tokens[:1, :1])))

# %% tags=["nbval-check-output"]
plain, unmerged, merged, dora, kept = experiment.forward_flops(used, tokens[:1, :1]).values()
claims(
    claim("Merged: exactly the base's FLOPs", merged, equals=plain),
    claim("DoRA, not merged: over 10 times the base's FLOPs", dora / plain, above=10),
    claim("DoRA with its norms kept: the FLOPs of LoRA, not merged", kept, equals=unmerged),
)

# %% [markdown]
# ## Which decision does this change?
#
# **What is worth its seconds.**
#
# - *LoRA at all?* For memory, not for time. Slower is no bug: RoBERTa-base took 29 hours in
#   place of 30.5 ([PEFT, issue 664](https://github.com/huggingface/peft/issues/664)), Qwen2.5-VL a fifth more
#   ([ms-swift, issue 4983](https://github.com/modelscope/ms-swift/issues/4983)).
# - *Merge* for use: `merge_and_unload()`. DoRA unmerged took 100 seconds in place of LoRA's 20
#   ([PEFT, issue 2651](https://github.com/huggingface/peft/issues/2651)).
# - *Batch*: more tokens a step share its calls.
# - *Upper layers alone*, `layers_to_transform=[…]`: the backward pass ends there. So "freeze" can beat LoRA
#   ([LlamaFactory, issue 5398](https://github.com/hiyouga/LlamaFactory/issues/5398)).
#
# ## Remember
#
# - FLOPs a step: $6TN$ in full, $4TN+6Tn$ with LoRA; break-even at $n=N/3$.
# - Time: FLOPs, and calls, memory, the optimizer. Measure in turns.
#
# Next: where to adapt.
#
# **Sources:** above, and the [glossary](glossary.ipynb).
