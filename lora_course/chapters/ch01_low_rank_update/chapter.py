# %% [markdown] most_words=745 most_lines=82
# # 1. The low-rank update
#
# Chapter 1 of 24 · 15 minutes to read, 20 more for the questions · a minute of computing
#
# **You will measure** what rank an adapter's update has, that merging it changes nothing, and how low
# the rank of real updates is.
#
# **You need** PyTorch's `nn.Linear`, a gradient step, and a matrix's rank and singular values. A word
# that is new to you: the [glossary](glossary.ipynb).

# %%
import torch
from torch import nn

from lora_course import adapt, claim, claims, count_trainable, predict
from lora_course.chapters.ch01_low_rank_update import experiment, explorer, figure
from lora_course.chapters.ch01_low_rank_update import questions as ch01
from lora_course.core.training import fit_text
from lora_course.tasks.style import LINEAR, StyleShift

# %% [markdown]
# ## What full tuning costs
#
# Fine-tuning with Adam keeps four numbers for each weight: the weight, its gradient and two running
# averages. In fp32, 4 bytes a number, that is 16 bytes, before a single activation is stored.

# %% tags=["nbval-check-output"]
costs = experiment.costs("Llama-3.1-8B", rank=16)
print(f"full tuning, fp32: {costs.full:.0f} GB")
print(f"rank 16: {costs.base:.0f} GB frozen in bf16 (fp32: twice) + {costs.adapter:.1f} GB adapter")
claims(claim("an adapter of rank 16 trains less than 1% as many numbers", costs.share, below=0.01))

# %% [markdown]
# ## The assumption
#
# Training turns a weight $W \in \mathbb{R}^{d_{out} \times d_{in}}$ into $W + \Delta W$. LoRA
# ([Hu et al.](https://arxiv.org/abs/2106.09685)) assumes that an update $\Delta W$ of low rank is enough:
# it freezes $W$ and writes $\Delta W$ as a product of two thin matrices. By hand:

# %%
B, A, x = torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0, 1.0]]), torch.tensor([1.0, 1.0])
print(f"BA = {(B @ A).tolist()}, and BA times (1, 1) = {(B @ (A @ x)).tolist()}")

# %% [markdown]
# $A$ reads *one* number from the input, here $3 + 1 = 4$; $B$ writes it to the output, 4 times $(1, 2)$.
# Whatever the input, the output moves along $(1, 2)$: one *direction*, so $BA$ has rank 1. With $r$ rows
# in $A$ and $r$ columns in $B$ there are $r$ directions:
#
# $$\Delta W = \frac{\alpha}{r} B A, \qquad B \in \mathbb{R}^{d_{out} \times r}, \quad
# A \in \mathbb{R}^{r \times d_{in}}$$
#
# Only $A$ and $B$ train. You choose $\alpha$; chapter 3 is about it.
#
# **Question (a)** · easy, 5 minutes. Up to which rank does the adapter of one matrix have *fewer* numbers
# than the matrix? Stuck? In a new cell: `ch01.saving.hint()`, `ch01.saving.hint(2)`,
# `ch01.saving.solution()`.


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
# **Question (b)** · harder, 10 minutes. Wrap a frozen `nn.Linear`, step by step. (1) Freeze the base; make
# `self.lora_A` random and `self.lora_B` zero, both `nn.Parameter`s of the base's dtype. Zero, because
# then the layer starts as the base: chapter 2. (2) The output for $x$ of shape $(\dots, d_{in})$,
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
# The course's `adapt` puts such layers into a model; in PEFT it is
# `get_peft_model`. Both stand here on a language model of a million parameters, with the same numbers
# in $A$ and $B$. *Merged*, $\Delta W$ added to $W$, it is the plain model again, as fast as before. The
# number of singular values above rounding is the rank.

# %% tags=["nbval-check-output"]
from peft import LoraConfig, get_peft_model

task, tokens = StyleShift(), torch.arange(64)[None]
ours = adapt(task.model(), rank=8, alpha=16, targets=LINEAR)
config = LoraConfig(r=8, lora_alpha=16, target_modules="all-linear")
theirs = get_peft_model(task.model(), config)
counts = count_trainable(theirs), count_trainable(ours)
experiment.same_adapters(ours, theirs)  # B random, too: else nothing is to be seen
ours_out, theirs_out = ours(tokens).logits, theirs(tokens).logits
merged_out = theirs.merge_and_unload()(tokens).logits
update = ours.model.layers[0].self_attn.q_proj.delta().detach()
values = torch.linalg.svdvals(update)  # its singular values, largest first
claims(
    claim("the 8th singular value of ΔW counts", (values[7] / values[0]).item(), above=0.1),
    claim("the 9th is rounding", (values[8] / values[0]).item(), below=1e-5),
    claim("PEFT trains as many numbers as we do", counts[0], equals=counts[1]),
    claim("PEFT's outputs are ours", experiment.gap(theirs_out, ours_out), below=1e-3),
    claim("merged, they stay the same", experiment.gap(merged_out, theirs_out), below=1e-3),
)

# %% [markdown]
# ## Are real updates of low rank?
#
# That model has read only Python's documentation. Now it learns to write code (the *style shift*): its 28
# linear layers in full, or by adapters of rank 1, 4 and 16, $\alpha = r$. Each has its best of several
# learning rates, found beforehand. The full update is also *cut*, layer by layer, to the nearest
# matrix of rank $r$, which keeps the $r$ directions with the largest singular values $\sigma_i$
# (Eckart–Young). *Energy* is $\lVert \Delta W \rVert^2 = \sum_i \sigma_i^2$. The held-out loss is in
# *nats* a token: 0.7 nats more, half the probability.

# %%
guess = predict(
    "From which rank on does an adapter come within 0.03 of full tuning?", (1, 4, 16, 64)
)

# %%
seeds, trained = (0, 1), {1: [], 4: [], 16: []}
for rank, losses in trained.items():  # half a minute
    for seed in seeds:
        model = adapt(task.model(), rank, targets=LINEAR, seed=seed)
        fit_text(model, task, seed=seed, steps=45, learning_rate=experiment.BEST_RATE[rank])
        losses.append(task.loss(model))
full = [experiment.tune_in_full(task, seed=seed, steps=45) for seed in seeds]
cut = experiment.losses_of_cuts(task, full, ranks=(1, 4, 16, 64))
ends = {"no training": [task.loss(task.model())], "full update": [run.loss for run in full]}
figure.losses_by_rank({"full update, cut": cut, "adapter, trained": trained}, ends, guess)

# %% tags=["nbval-check-output"]
energy = experiment.energy_in(full, directions=8)  # shares of it, in all layers and runs
ahead, behind, near = [], [], []
for seed in seeds:
    ahead += [cut[rank][seed] - trained[rank][seed] for rank in trained]
    behind.append(trained[4][seed] - full[seed].loss)
    near.append(trained[16][seed] - full[seed].loss)
claims(
    claim("8 directions hold less than 0.6 of a full update's energy", energy.mean, below=0.6),
    claim("layers differ in this share, by more than 0.2", energy.spread, above=0.2),
    claim("every adapter has a lower loss than the update cut to its rank", min(ahead), above=0.02),
    claim("full tuning has a lower loss than rank 4", min(behind), above=0.05),
    claim("rank 16 comes within 0.03 of it", max(near), below=0.03),
)

# %%
explorer.update_explorer(full[0].updates)

# %% [markdown]
# By energy, full tuning's update lies in many directions here, after 45 steps: it is not of low rank.
# [Biderman et al.](https://arxiv.org/abs/2405.09673) reported 10 to 100 times the rank of usual
# adapters. Yet a few directions, *trained*, do better than the same number kept: Eckart–Young keeps what
# is nearest in the entries, training chooses directions for the loss. What is lost shrinks as $r$ grows.
# Longer training can ask for more (chapter 4).
#
# **Question (c)** · medium, 5 minutes. Given an update's singular values, largest first, how many
# directions hold at least `share` of its energy?


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
# ## Which decision does this change?
#
# **LoRA at all?** Yes, where memory for gradients and optimizer is what you lack: they shrink with the
# trained share. The frozen base stays, and so do activations, which surprises many
# ([PEFT, issue 148](https://github.com/huggingface/peft/issues/148)). Where you have the memory, full
# tuning is the mark to measure against.
#
# ## Remember
#
# - An adapter trains $r\,(d_{out} + d_{in})$ numbers a matrix; the base stays, frozen.
# - $\Delta W = \frac{\alpha}{r} BA$ has rank at most $r$, and merges into $W$; in bf16 that rounds.
# - Full tuning's update need not be of low rank. What counts is how well a trained one of rank $r$ does.
#
# Next: why $B$ starts at zero and $A$ does not, in [chapter 2](02_quiet_start.ipynb).
#
# **Sources:** [LoRA](https://arxiv.org/abs/2106.09685) ·
# [LoRA Learns Less and Forgets Less](https://arxiv.org/abs/2405.09673) · [glossary](glossary.ipynb)
