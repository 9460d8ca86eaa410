# %% [markdown]
# # 3. Alpha, scale and step size
#
# Chapter 3 of 24 · 15 minutes to read, 25 more for the questions · half a minute of computing
#
# **You will measure** which settings of $\alpha$, learning rate and start are the same training, and how
# the rank changes the step behind your back.
#
# **You need** the update $\Delta W = s\,BA$ with $s = \alpha / r$
# ([chapter 1](01_low_rank_update.ipynb)), its gradients and its quiet start
# ([chapter 2](02_quiet_start.ipynb)).

# %%
from lora_course.chapters.ch03_scale import experiment, explorer, figure
from lora_course.chapters.ch03_scale import questions as ch03
from lora_course.display.claims import claim
from lora_course.tasks.matching import MatchingTask

# %% [markdown]
# ## One path, many settings
#
# $\alpha$ multiplies $BA$. Is a larger $\alpha$ just a larger learning rate? A layer of
# $32 \times 32$ learns a planted change of rank 4; $B$ starts at zero. Here $\alpha$ is four times the old
# one. Which rate and which spread of $A$ at the start bring the old path back, with SGD? With Adam?

# %%
explorer.path_explorer()

# %% [markdown]
# Write $\Delta W = (\sqrt{s} B)(\sqrt{s} A)$: a path is the same when $\sqrt{s} A$ and $\sqrt{s} B$
# start the same and move the same. SGD moves $A$ by rate times gradient, and the gradient carries a
# factor $s$. Adam divides that factor out.
#
# **Question (a).** From $\alpha$ to `new_alpha`: which learning rate, and which spread of $A$ at the
# start, keep the path? Stuck? In a new cell: `ch03.path.hint()`, `ch03.path.hint(2)`,
# `ch03.path.solution()`.


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

# %% tags=["nbval-check-output"]
print(experiment.try_settings(same_path))  # trains with your settings, at four times the alpha
off = min(experiment.max_path_difference(o, alpha=4, learning_rate=1 / 4) for o in ("SGD", "Adam"))
claim("alpha × 4, rate ÷ 4 and the old spread is another path", off, above=1e-3)

# %% [markdown]
# So $\alpha$ is no second learning rate: frameworks fix the spread of $A$, and then each $\alpha$ is a
# training of its own. Nor is it independent: rate and spread together undo any $\alpha$.
#
# ## The rank changes the step
#
# Three rules for $\alpha$ are in use: a fixed one, $\alpha = r$, and
# [rsLoRA](https://arxiv.org/abs/2312.03732)'s scale $\alpha/\sqrt{r}$. In the first step only $B$ moves,
# and Adam moves each entry by the rate. The $r$ rows of $A$ are random, so what they bring to $\Delta W$
# adds up like random directions: its size goes as $s \sqrt{r}$. But each of them lowers the loss: the fall
# goes as $s\,r$. (With SGD $B$'s step has a factor $s$ of its own: $s^2 r$.)

# %% tags=["nbval-check-output"]
ranks = (4, 16, 64, 256)
steps = experiment.first_steps(experiment.RULES, ranks)
fixed, equal, root = map(experiment.growth, steps.values())  # from r = 4 to 256
claim("fixed alpha: the size shrinks over 3-fold", 1 / fixed.size, above=3)
claim("but the loss falls as far", fixed.fall, above=0.8, below=1.25)
claim("alpha = r: the size grows over 5-fold", equal.size, above=5)
claim("and the fall over 30-fold", equal.fall, above=30)
claim("alpha/√r: the size changes by less than half", root.size, above=0.5, below=1.5)
claim("but the fall grows over 4-fold", root.fall, above=4)
*_, sgd = map(experiment.growth, experiment.first_steps(experiment.RULES, ranks, "SGD").values())
claim("with SGD it is alpha/√r that keeps the fall", sgd.fall, above=0.8, below=1.25)
figure.draw_steps(steps)

# %% [markdown]
# No rule keeps both.
#
# **Question (b).** You know a good `old_alpha` at `old_rank`. Which $\alpha$ at `rank` keeps Adam's first
# step, in `"size"` or in `"fall"` of the loss?


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
# Compare ranks at one learning rate, and you compare step sizes as well. A task of a second: do two
# lists of 64 numbers match? (Chapter 4 says how it is made, and that rank 8 is enough for it.)
# Three seeds, 15 seconds.

# %%
task, rates = MatchingTask(true_rank=8), [0.00125 * 2**k for k in range(7)]
tables = {
    rule: experiment.by_rate(task, (8, 16, 64), rates, alpha)
    for rule, alpha in experiment.RULES.items()
}

# %% tags=["nbval-check-output"]
gaps, ties, moves = {}, {}, {}
for rule, table in tables.items():
    gaps[rule] = [table[64][rate].accuracy - table[8][rate].accuracy for rate in rates]
    best = {rank: experiment.best_rate(rows) for rank, rows in table.items()}
    ties[rule] = table[64][best[64]].accuracy - table[8][best[8]].accuracy
    moves[rule] = best[8] / best[64]
claim("alpha = r, a small rate: 64 seems far better than 8", max(gaps["alpha = r"]), above=0.1)
claim("alpha = r, a large rate: 64 seems worse", -min(gaps["alpha = r"]), above=0.02)
claim("each at its best rate, they tie, under every rule", max(map(abs, ties.values())), below=0.02)
claim("from 8 to 64 the best rate falls, with alpha = r", moves["alpha = r"], above=1.9)
claim("with a fixed alpha it stays, or nearly", moves["alpha = 16"], above=0.4, below=2.1)
figure.draw_rates(tables)

# %% [markdown]
# The rule that keeps the fall of the loss keeps the best rate, too.
# [LoRA Without Regret](https://thinkingmachines.ai/blog/lora/) reported the same on large models: with
# a fixed $\alpha$, the best rate moved less than 2-fold from $r = 4$ to 512. With $\alpha = r$, the
# common habit, higher ranks want smaller rates. Whatever the rule: try several rates at each rank.
#
# **Question (c).** `accuracies[rank][rate]` is such a table. Find each rank's best rate, and the ranks
# for which it is the smallest or the largest rate tried: there the grid was too narrow.


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
# ## Remember
#
# - Some settings of $\alpha$, rate and spread are one training; $\alpha$ alone is no learning rate.
# - With Adam, a fixed $\alpha$ keeps the first fall of the loss at every rank, $\alpha/\sqrt{r}$ the size of
#   $\Delta W$, $\alpha = r$ neither.
# - Compare ranks under one rule, each at its best rate.
#
# Next: which rank is enough, in [chapter 4](04_rank_selection.ipynb).
#
# **Sources:** [LoRA](https://arxiv.org/abs/2106.09685) · [rsLoRA](https://arxiv.org/abs/2312.03732) ·
# [LoRA Without Regret](https://thinkingmachines.ai/blog/lora/)
