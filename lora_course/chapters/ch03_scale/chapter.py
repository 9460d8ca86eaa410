# %% [markdown] most_cells=21 most_words=758 most_lines=71
# # 3. Alpha, scale and step size
#
# Chapter 3 of 24 · 15 minutes to read, 25 more for the questions · a minute of computing
#
# **You will measure** which settings of $\alpha$, learning rate and start are one training, and how
# the rank changes the step.
#
# **You need** the update $\Delta W=s\,BA$ ([chapter 1](01_low_rank_update.ipynb)), its gradients and
# start ([chapter 2](02_quiet_start.ipynb)). New words: [glossary](glossary.ipynb). First, what do you
# remember?

# %%
from torch import nn

from lora_course import MatchingTask, claim, claims, predict, recall
from lora_course.chapters.ch03_scale import experiment, explorer, figure
from lora_course.chapters.ch03_scale import questions as ch03

recall(chapter=3)

# %% [markdown]
# ## One path, many settings
#
# The **scale** is $s=\alpha/r$, the number before $BA$; the **spread** of $A$ is the size of its
# random start; a **path** is the loss, step by step. Is $\alpha\times4$ just a rate $\times\,4$?
#
# On paper: $r=1$, $W$ is $2\times2$, $B=0$. Adam's first step moves each entry of $B$ by the rate,
# whatever its gradient; here, up.
#
# |setting|$s$|rate|$A$|entries of $B$|rows of $sBA$|rate÷spread|
# |-|-|-|-|-|-|-|
# |old|$1$|$0.1$|$(1,2)$|$0.1$|$(0.1,0.2)$|$0.1$|
# |$\alpha\times4$, rate÷4|$4$|$0.025$|$(1,2)$|$0.025$|$(0.1,0.2)$|$0.025$|
# |$\alpha\times4$, rate÷2, spread÷2|$4$|$0.05$|$(0.5,1)$|$0.05$|$(0.1,0.2)$|$0.1$|
#
# The first steps agree. Next $A$ moves, too, by about the rate; the last column compares that with its
# first entry. In the middle line it is a quarter: there the paths part.
#
# Below, in that setting, a $32\times32$ layer learns a planted change of rank 4. Bring the old path back;
# then try SGD.

# %%
explorer.path_explorer()

# %% [markdown]
# So with Adam $\alpha\times c$ has two answers: rate $\div\,c$ keeps the *first step*, with the old
# spread; rate and spread $\div\sqrt{c}$ keep the *path*. Write
# $\Delta W=(\sqrt{s}B)(\sqrt{s}A)$: a path stays when $\sqrt{s}A$ and $\sqrt{s}B$ start and move as
# before. SGD moves $A$ by rate times gradient, which carries a factor $s$; Adam divides it out.
#
# [LoRA](https://arxiv.org/abs/2106.09685)'s section 4.1 means this: tuning $\alpha$ is roughly tuning the
# rate *if the start is scaled with it*. Frameworks do not scale it.
#
# **Question (a)** · harder, 10 minutes. From $\alpha$ to `new_alpha`: which learning rate, and which
# spread of $A$ at the start, keep the path? Stuck? In a new cell: `ch03.path.hint()`, `.hint(2)`,
# `.solution()`.


# %% tags=["exercise", "nbval-check-output"] question="path"
def same_path(optimizer, alpha, learning_rate, spread, new_alpha):
    """A dict: learning_rate and spread of A. The optimizer is "SGD" or "Adam"."""
    # solution
    c = new_alpha / alpha
    new_rate = learning_rate / (c if optimizer == "SGD" else c**0.5)
    return {"learning_rate": new_rate, "spread": spread / c**0.5}
    # blank
    # return ...
    # end


ch03.path.check(same_path)

# %%
print(experiment.try_settings(same_path))  # trains with your settings, at four times the alpha
old = experiment.trace("Adam")
quarter = experiment.trace("Adam", alpha=4, learning_rate=1 / 4)
half = experiment.trace("Adam", alpha=4, learning_rate=1 / 2, spread=1 / 2)

# %% tags=["nbval-check-output"]
_, first, *_, last = (quarter / old).tolist()
claims(
    claim("Adam, α × 4, rate ÷ 4: the same loss after one step", first, above=0.99, below=1.01),
    claim("Adam, α × 4, rate ÷ 4: over 3 times the loss in the end", last, above=3),
    claim("Adam, α × 4, both ÷ 2: the same path", (half - old).abs().max().item(), below=1e-5),
)

# %% [markdown]
# ## The rank changes the step
#
# A **rule** says how $\alpha$ follows $r$: fixed (LoRA's own), $\alpha=r$, $\alpha=2r$ (many guides), or
# $\alpha\propto\sqrt{r}$, which [rsLoRA](https://arxiv.org/abs/2312.03732) writes as a scale of
# $\alpha/\sqrt{r}$. First, how PEFT sets the scale.
#
# With Adam, $B$ moves by the rate. The rows of $A$ are random, so what they bring to $\Delta W$ adds up
# like random directions: its *size* goes as $s\sqrt{r}$. But each lowers the loss: the *fall* goes as
# $s\,r$. (SGD's $B$ has a factor $s$ of its own: $s^2r$.)

# %% tags=["nbval-check-output"]
from peft import LoraConfig, get_peft_model

scales = []
for r, alpha, root in ((64, 16, False), (64, 16, True), (8, 16, False), (64, 128, False)):
    config = LoraConfig(r=r, lora_alpha=alpha, use_rslora=root, target_modules=["0"])
    model = get_peft_model(nn.Sequential(nn.Linear(64, 64)), config)
    scales.append(model.base_model.model[0].scaling["default"])
claims(
    claim("PEFT, r = 64, alpha 16: the scale is alpha/r", scales[0], equals=16 / 64),
    claim("PEFT, r = 64, alpha 16, use_rslora=True: alpha/√r", scales[1], equals=16 / 64**0.5),
    claim("PEFT, r = 8, alpha = 2r: the scale is 2", scales[2], equals=2.0),
    claim("PEFT, r = 64, alpha = 2r: the scale is 2", scales[3], equals=2.0),
)

# %%
ranks, steps = (4, 16, 64, 256), {}
for optimizer in ("Adam", "SGD"):
    for rule, alpha in experiment.RULES.items():
        steps[optimizer, rule] = {r: experiment.first_step(r, alpha, optimizer) for r in ranks}
figure.draw_steps(steps)

# %% tags=["nbval-check-output"]
fixed = experiment.growth(steps["Adam", "alpha = 16"])  # from r = 4 to 256
root, sgd_root = (experiment.growth(steps[name, "alpha = √r (rsLoRA)"]) for name in ("Adam", "SGD"))
claims(
    claim("Adam, fixed alpha: the fall stays", fixed.fall, above=0.8, below=1.25),
    claim("Adam, fixed alpha: the size of ΔW shrinks over 3-fold", 1 / fixed.size, above=3),
    claim("Adam, alpha = √r: the size stays within 1.5-fold", root.size, above=0.67, below=1.5),
    claim("Adam, alpha = √r: the fall grows over 4-fold", root.fall, above=4),
    claim("SGD, alpha = √r: the fall stays", sgd_root.fall, above=0.8, below=1.25),
)

# %% [markdown]
# No rule keeps both. **Which one keeps the first fall depends on the optimizer: a fixed $\alpha$ with Adam,
# $\alpha\propto\sqrt{r}$ with SGD.** (rsLoRA asks for something else: that training stays stable.)
#
# **Question (b)** · medium, 5 minutes. You know a good `old_alpha` at `old_rank`. Which $\alpha$ at
# `rank` keeps Adam's first step, in `"size"` or in `"fall"` of the loss?


# %% tags=["exercise", "nbval-check-output"] question="alpha"
def alpha_for(rank, old_rank, old_alpha, keep):
    """The alpha at `rank`; keep is "size" (of ΔW) or "fall" (of the loss)."""
    # solution
    return old_alpha * (rank / old_rank) ** 0.5 if keep == "size" else old_alpha
    # blank
    # return ...
    # end


ch03.alpha.check(alpha_for)

# %% [markdown]
# ## The trap
#
# Compare ranks at one rate, and you compare step sizes, too. Do two lists of 64 numbers match?
# (Chapter 4's task; here rank 4 is enough.) Three paired seeds: the same examples in the same order at
# every rank and rate. The best rate: the top of a parabola through the best mean and its neighbours.
# 20 seconds.

# %%
guess = predict("alpha = r: rank 64's best rate is rank 8's divided by …?", (1, 2, 4, 8))

# %%
task, rates = MatchingTask(true_rank=4), [0.00125 * 2**k for k in range(6)]
tables, falls = {}, []
for rule, alpha in experiment.RULES.items():
    tables[rule] = experiment.by_rate(task, (8, 64), rates, alpha, seeds=range(3))
    falls.append(experiment.fall_of_best_rate(tables[rule]))
figure.draw_rates(tables)

# %% tags=["nbval-check-output"]
low, high = (experiment.lead(tables["alpha = r"], rate) for rate in (min(rates), max(rates)))
ties = [abs(experiment.lead(table)) for table in tables.values()]  # each rank at its best rate
claims(
    claim("alpha = r: 64 leads at the lowest rate, 8 at the highest", min(low, -high), above=0.03),
    claim("Each rank at its best rate: within 0.02 under every rule", max(ties), below=0.02),
    claim("alpha = r, 2r or √r: from 8 to 64 the best rate falls", min(falls[1:]), above=1.5),
    claim("alpha = r, 2r or √r: it falls far less than 8-fold", max(falls[1:]), below=4),
    claim("Fixed alpha: the best rate falls less than 1.5-fold", falls[0], below=1.5),
    guess=guess,
)

# %% [markdown]
# By the first fall, the best rate would go down 8-fold under $\alpha=r$ and $2r$, $\sqrt8$-fold under
# rsLoRA. Measured, the three are alike, about 2-fold: once training has moved $A$ far from its start,
# $\div\sqrt{c}$ is nearer than $\div\,c$.
#
# Sources differ. With a fixed $\alpha$ the best rate moved less than 2-fold from $r=4$ to 512
# ([LoRA Without Regret](https://thinkingmachines.ai/blog/lora/)). By scale and start it stays, or goes as
# $1/r$ ([Chen et al.](https://arxiv.org/abs/2602.06204)); ours lies between. $\alpha$ is no second rate, and
# the best $\alpha$ goes as $\sqrt{r}$ ([Zhang et al.](https://arxiv.org/abs/2606.12883)).
#
# **Question (c)** · medium, 6 minutes. `accuracies[rank][rate]` is such a table. Find each rank's best
# rate, and the ranks for which it is the smallest or the largest rate tried: there the grid was too
# narrow.


# %% tags=["exercise", "nbval-check-output"] question="rates"
def best_rates(accuracies):
    """A dict: rates, itself a dict from rank to its best rate, and at_edge, a list of ranks."""
    # solution
    rates = {rank: max(by_rate, key=by_rate.get) for rank, by_rate in accuracies.items()}
    at_edge = [r for r, row in accuracies.items() if rates[r] in (min(row), max(row))]
    return {"rates": rates, "at_edge": at_edge}
    # blank
    # return ...
    # end


ch03.rates.check(best_rates)

# %% [markdown]
# ## Which decision does this change?
#
# **One alpha rule a sweep.** What is alpha ([PEFT, issue 826](https://github.com/huggingface/peft/issues/826)),
# and why $2r$ ([unsloth, issue 1304](https://github.com/unslothai/unsloth/issues/1304))? With Adam,
# `lora_alpha=16` at every rank, as in `LoraConfig(r=8, lora_alpha=16)`, needs the fewest rates to be tried.
#
# ## Remember
#
# - $\alpha$ alone is no learning rate. After $\alpha\times c$, try rates from $\div\sqrt{c}$ to $\div\,c$.
# - One rule a sweep. With Adam we suggest a fixed $\alpha$: its best rate moves least.
# - Each rank at its own best rate: three rates, 2-fold apart; if an edge wins, one beyond.
# - Under the other rules, look *lower* at higher ranks.
#
# Next: which rank is enough, in [chapter 4](04_rank_selection.ipynb).
#
# **Sources:** above, and the [glossary](glossary.ipynb).
