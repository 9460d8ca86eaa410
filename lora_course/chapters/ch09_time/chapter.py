# %% [markdown]
# # 9. Where the time goes
#
# Chapter 9 of 24 · 15 minutes to read, 15 more for the questions · half a minute of computing
#
# **You will measure** how many FLOPs a step of LoRA saves, how much time, and what takes the rest.
#
# **You need** gradients ([chapter 2](02_quiet_start.ipynb)), FLOPs and checkpointing
# ([chapter 8](08_checkpointing.ipynb)). New words: [glossary](glossary.ipynb). First, what do you
# remember?

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
# $2\times2$, $N=4$ and $n=4$, that is $16+24=40$ against $24$: *more*. For $10\times10$, $N=100$ and $n=20$:
# $400+120=520$ against $600$.
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
# PyTorch's `FlopCounterMode` counts a step's products (on a CPU it sees neither fused attention nor 4-bit
# layers). Our models: Llamas of two layers, random weights. The table lacks two terms. Attention multiplies
# tokens by tokens: LoRA spares nothing of that. And below the first layer nothing trains, so its query, key
# and value need no input gradients. With both, we can count a large model by hand.


# %% tags=["nbval-check-output"]
def lora(model, r=8, **more):
    config = LoraConfig(r=r, lora_alpha=16, target_modules=experiment.LINEAR, **more)
    return get_peft_model(model, config)


tokens = experiment.random_tokens(sequences=4, length=32)
full = experiment.count(experiment.base(192), tokens)
adapted = experiment.count(lora(experiment.base(192)), tokens)
short, long = experiment.share_1b(512), experiment.share_1b(8192)
claims(
    claim("Full tuning: PyTorch counts as we do", full, equals=experiment.hand(192, tokens)),
    claim("LoRA: PyTorch counts as we do", adapted, equals=experiment.hand(192, tokens, rank=8)),
    claim("Llama-3.2-1B, r = 8, 512 tokens: about 2/3 of the FLOPs", short, above=0.65, below=0.7),
    claim("Llama-3.2-1B, r = 8, 8,192 tokens: over 3/4 of the FLOPs", long, above=0.75),
)

# %%
explorer.flops_explorer()

# %% [markdown]
# So "two thirds" is for low ranks, wide layers and short texts. Where is LoRA dearer than full tuning?
#
# ## And the time?
#
# CPU time wanders. So all models make a step *in turns*, on the same 128 tokens; the first two rounds, the
# **warm-up**, are left out; in each round we divide by full tuning's time. Drawn are the median and, as a
# bar, the middle half of the rounds. "Upper half": adapters in the second layer alone.

# %%
guess = predict("Width 96, r = 8: LoRA's time ÷ full tuning's?", (0.5, 0.7, 1.0, 1.2))

# %%
kinds = {"LoRA, r = 8": {}, "LoRA, r = 64": {"r": 64}, "DoRA, r = 8": {"use_dora": True}}
kinds["upper half"] = {"layers_to_transform": [1]}
flops, seconds = {}, {}
for width in (96, 192, 384):  # 5 seconds
    models = experiment.models(lora, kinds, width)  # with full tuning and checkpointing
    flops[width] = {kind: experiment.count(model, tokens) for kind, model in models.items()}
    seconds[width] = clock.steps(models, tokens)
figure.draw(flops, seconds, guess)

# %%
print(clock.table(clock.steps(models, tokens[:1, :16]), 16))  # of width 384, in milliseconds
print(clock.table(seconds[384], 128))

# %% tags=["nbval-check-output"]
full, r8, r64, dora, upper, _ = flops[96].values()
three = experiment.base(96), lora(experiment.base(96)), models["LoRA, r = 8"]
plain, narrow, wide = (experiment.calls(model, tokens) for model in three)  # PyTorch's profiler
claims(
    claim("Width 96, r = 64: more FLOPs than full tuning", r64 / full, above=1.1),
    claim("Upper half: under 0.65 of full tuning's FLOPs", upper / full, below=0.65),
    claim("DoRA: under 1.1 times LoRA's FLOPs", dora / r8, below=1.1),
    claim("LoRA: over 1.3 times full tuning's calls", narrow / plain, above=1.3),
    claim("LoRA, 4 times the width: the same calls, to 2%", wide / narrow, above=0.98, below=1.02),
)

# %% [markdown]
# Dots above the line save less time than FLOPs. Do yours come nearer as the width grows? Three things
# take time and hardly any FLOPs:
#
# - **Calls.** Each operation takes time of its own, however small its arrays. LoRA adds calls, as many at
#   every width; large products hide them.
# - **Reading and writing.** What an adapter gives is written, scaled and added.
#   [DoRA](https://arxiv.org/abs/2402.09353), which trains the *norm* (length) of each row of $W+\Delta W$,
#   writes a matrix as large as $W$ in each forward pass.
# - **The optimizer.** Full tuning's moves every weight, however few the tokens: here LoRA saves.
#
# **Question (c)** · medium, 5 minutes. `a` and `b` hold seconds, a number a round. Compute the ratio
# that the figure shows.


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
# can keep them (`peft.helpers.DoraCaching`).

# %%
used = experiment.used(lora, width=256)
print(clock.lines(clock.forwards(used, tokens[:1, :1])))

# %% tags=["nbval-check-output"]
plain, unmerged, merged, dora, kept = experiment.forward_flops(used, tokens[:1, :1])
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
# - *LoRA at all?* For memory; time is not sure. RoBERTa-base took 29 hours in place of 30.5
#   ([PEFT, issue 664](https://github.com/huggingface/peft/issues/664)), ResNet18 longer than in full
#   ([960](https://github.com/huggingface/peft/issues/960)); with Qwen2.5-VL full tuning was nearly a fifth
#   faster ([ms-swift, issue 4983](https://github.com/modelscope/ms-swift/issues/4983)). No bug: LoRA keeps two
#   products of three, and has more calls.
# - *Variant:* DoRA has to earn its seconds.
# - *Batch:* more tokens share a step's calls; compare tokens a second, as in our table.
# - *Upper layers alone:* the backward pass ends at the lowest adapter. Training the last 3 layers
#   of a 72B model was faster than LoRA in all
#   ([LlamaFactory, issue 5398](https://github.com/hiyouga/LlamaFactory/issues/5398)). In PEFT:
#   `LoraConfig(layers_to_transform=[…], target_modules=[…])`, with a list of names.
# - *Merge* for use: `merge_and_unload()`. For 1,000 tokens of Llama-3.1-8B someone reports 20 seconds with
#   LoRA and 100 with DoRA, not merged
#   ([PEFT, issue 2651](https://github.com/huggingface/peft/issues/2651)).
#
# ## Remember
#
# - A step takes $6TN$ FLOPs in full, $4TN+6Tn$ with LoRA, and attention; break-even is at $n=N/3$.
# - Time is FLOPs, calls, reading and writing, and the optimizer. Measure yours, in turns.
# - Merge before use, DoRA above all.
#
# Next: where to adapt.
#
# **Sources:** above, and the [glossary](glossary.ipynb).
