# %% [markdown] most_lines=62
# # 1. The low-rank update
#
# Chapter 1 of 24 · 15 minutes to read, 20 more for the questions · a minute of computing
#
# **You will measure** what rank an adapter's update has, that merging it changes nothing, and how low
# the rank of real updates is.
#
# **You need** PyTorch's `nn.Linear`, a gradient step, and a matrix's rank and singular values.

# %%
import torch
from torch import nn

from lora_course import LoRALinear, count_trainable, estimate_model_memory
from lora_course.chapters.ch01_low_rank_update import experiment, explorer, figure
from lora_course.chapters.ch01_low_rank_update import questions as ch01
from lora_course.core.spectrum import energy_shares, singular_values
from lora_course.display.claims import claim
from lora_course.models.architectures import MODELS
from lora_course.tasks.style import StyleShift

# %% [markdown]
# ## What full tuning costs
#
# Fine-tuning with Adam keeps four numbers for each weight: the weight, its gradient and two running
# averages. In fp32 that is 16 bytes, before a single activation is stored.

# %% tags=["nbval-check-output"]
weights = MODELS["Llama-3.1-8B"].parameters()
adapter = estimate_model_memory("Llama-3.1-8B", rank=16)["lora_params"]
full, base, new = (x / 1e9 for x in (16 * weights, 2 * weights, 16 * adapter))  # frozen: in bf16
print(f"in full {full:.0f} GB; with an adapter of rank 16 {base:.0f} GB, frozen, + {new:.1f} GB")
claim("the adapter trains less than 1% as many numbers", adapter / weights, below=0.01)

# %% [markdown]
# ## The assumption
#
# Training turns a weight $W \in \mathbb{R}^{d_{out} \times d_{in}}$ into $W + \Delta W$. LoRA
# ([Hu et al.](https://arxiv.org/abs/2106.09685)) freezes $W$ and assumes that a $\Delta W$ of low rank
# is enough:
#
# $$\Delta W = \frac{\alpha}{r} B A, \qquad B \in \mathbb{R}^{d_{out} \times r}, \quad
# A \in \mathbb{R}^{r \times d_{in}}$$
#
# $A$ reads $r$ numbers from the input, $B$ writes them to the output: the output moves in at most $r$
# directions. Only $A$ and $B$ train, $r\,(d_{out} + d_{in})$ numbers. The factor $\alpha / r$ is a
# multiplier that you choose; chapter 3 is about it.
#
# **Question (a).** Up to which rank does the adapter of one matrix have *fewer* numbers than the
# matrix? Stuck? In a new cell: `ch01.saving.hint()`, `ch01.saving.hint(2)`, `ch01.saving.solution()`.


# %% tags=["exercise", "nbval-check-output"] question="saving"
def largest_saving_rank(d_out, d_in):
    """The largest rank r at which B and A together have fewer numbers than W."""
    # solution
    return (d_out * d_in - 1) // (d_out + d_in)
    # blank
    # return ...
    # end


ch01.saving.check(largest_saving_rank)

# %% [markdown]
# ## Build it
#
# **Question (b).** Wrap a frozen `nn.Linear`, step by step. (1) Freeze the base; make
# `self.lora_A` random and `self.lora_B` zero, both `nn.Parameter`s of the base's dtype. Zero, because
# then the layer starts as the base: chapter 2. (2) The output for rows $x$ of numbers, of any leading shape,
# $\;x W^\top + b + \frac{\alpha}{r}\, x A^\top B^\top$. (3) The one matrix that does the same,
# $W + \Delta W$, without changing the base.


# %% tags=["exercise", "nbval-check-output"] question="layer"
class LoRALayer(nn.Module):
    """A frozen linear layer and a trainable low-rank update."""

    def __init__(self, base, rank, alpha):
        super().__init__()
        self.base, self.rank, self.alpha = base, rank, alpha
        self.add_adapter()

    def add_adapter(self):
        # solution
        self.base.requires_grad_(False)
        d_out, d_in = self.base.weight.shape
        dtype = self.base.weight.dtype
        self.lora_A = nn.Parameter(torch.randn(self.rank, d_in, dtype=dtype) / d_in**0.5)
        self.lora_B = nn.Parameter(torch.zeros(d_out, self.rank, dtype=dtype))
        # blank
        # # (1) freeze self.base, set self.lora_A and self.lora_B
        # return ...
        # end

    def forward(self, x):
        # solution
        return self.base(x) + self.alpha / self.rank * (x @ self.lora_A.T @ self.lora_B.T)
        # blank
        # # (2)
        # return ...
        # end

    def merged_weight(self):
        # solution
        return self.base.weight + self.alpha / self.rank * (self.lora_B @ self.lora_A)
        # blank
        # # (3)
        # return ...
        # end


ch01.layer.check(LoRALayer)

# %% [markdown]
# ## Rank and merging, seen
#
# The course's own layer, `LoRALinear`, with $B \neq 0$. The number of singular values above rounding
# is the rank. Merged, it is a plain linear layer again: it costs nothing extra when used.

# %% tags=["nbval-check-output"]
layer = LoRALinear(nn.Linear(96, 64), rank=8, alpha=16)
nn.init.normal_(layer.lora_B, std=0.1)
values, x = singular_values(layer.delta().detach()), torch.randn(1000, 96)
claim("B and A hold r·(d_out + d_in)", count_trainable(layer), equals=8 * (64 + 96))
claim("the 8th singular value counts", (values[7] / values[0]).item(), above=0.1)
claim("the 9th is rounding", (values[8] / values[0]).item(), below=1e-5)
claim("merged, its outputs agree", (layer(x) - layer.merged()(x)).abs().max().item(), below=1e-5)

# %% [markdown]
# ## Are real updates of low rank?
#
# A model of a million parameters that has read only Python's documentation learns to write code: all
# 28 linear layers in full, and with adapters of rank 1, 4 and 16. Then the full update is cut, layer by
# layer, to the nearest matrix of rank $r$, which keeps the $r$ directions with the largest singular
# values $\sigma_i$ (Eckart–Young). They hold $\sum_{i \le r} \sigma_i^2$ of its *energy*,
# $\lVert \Delta W \rVert^2 = \sum_i \sigma_i^2$. Two seeds each, 30 seconds.

# %%
task, seeds = StyleShift(), (0, 1)
full = [experiment.fine_tune(task, seed=s) for s in seeds]
adapters = {r: [experiment.fine_tune(task, rank=r, seed=s) for s in seeds] for r in (1, 4, 16)}
cuts = {r: [experiment.loss_with(task, run.updates, r) for run in full] for r in (1, 4, 16, 64)}
trained = {r: [run.loss for run in runs] for r, runs in adapters.items()}
ends = {"no training": [experiment.loss_with(task, {})], "full update": [run.loss for run in full]}

# %% tags=["nbval-check-output"]
eight = [energy_shares(update)[7].item() for run in full for update in run.updates.values()]
mean, noise = sum(eight) / len(eight), energy_shares(torch.randn(128, 128))[7].item()
claim("8 directions hold less than 0.6 of a full update's energy, on average", mean, below=0.6)
claim("but more than of random numbers, by 0.1", mean - noise, above=0.1)
claim("layers differ, by more than 0.2", max(eight) - min(eight), above=0.2)
ahead = min(c - t for r in trained for c, t in zip(cuts[r], trained[r]))
claim("at each rank and seed, the adapter beats the cut update", ahead, above=0.02)
behind = min(t - f for t, f in zip(trained[4], ends["full update"]))
claim("full tuning still beats rank 4", behind, above=0.05)
figure.losses_by_rank({"full update, cut": cuts, "adapter, trained": trained}, ends)

# %%
explorer.update_explorer(full[0].updates)

# %% [markdown]
# So the update of full tuning is not of low rank: in most layers its energy lies in many directions.
# [Biderman et al.](https://arxiv.org/abs/2405.09673) reported 10 to 100 times the rank of usual
# adapters. Yet a few directions, *trained*, do better than the same number kept: LoRA
# does not compress the full update, it finds another one. What is lost shrinks as $r$ grows; which $r$
# is worth its price is for chapter 4.
#
# **Question (c).** Given an update's singular values, largest first, how many directions hold at least
# `share` of its energy?


# %% tags=["exercise", "nbval-check-output"] question="energy"
def rank_for_energy(singular_values, share=0.9):
    """The smallest r such that the first r directions hold at least `share` of the energy."""
    # solution
    energies = [value**2 for value in singular_values]
    reached = 0.0
    for r, energy in enumerate(energies, start=1):
        reached += energy
        if reached >= share * sum(energies):
            break
    return r
    # blank
    # return ...
    # end


ch01.energy.check(rank_for_energy)

# %% [markdown]
# ## Remember
#
# - Full tuning keeps four numbers a weight; an adapter trains $r\,(d_{out} + d_{in})$ numbers a matrix.
# - $\Delta W = \frac{\alpha}{r} BA$ has rank at most $r$, and merges into $W$ without a trace.
# - Updates of full tuning are not of low rank. What counts is how well a trained one of rank $r$ does.
#
# Next: why $B$ starts at zero and $A$ does not, in [chapter 2](02_quiet_start.ipynb).
#
# **Sources:** [LoRA](https://arxiv.org/abs/2106.09685) ·
# [LoRA Learns Less and Forgets Less](https://arxiv.org/abs/2405.09673)
