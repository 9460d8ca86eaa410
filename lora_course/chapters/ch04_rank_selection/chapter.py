# %% [markdown] most_cells=27 most_words=900 most_lines=90
# # 4. Rank selection
#
# Chapter 4 of 24 · 15 minutes to read, 30 more for the questions · about a minute of computing
#
# **You will measure** how accuracy grows with the rank $r$, what each rank costs, how `alpha` and the
# learning rate can fool you, and which rank your numbers defend.
#
# **You need** the update $\Delta W = \frac{\alpha}{r} BA$ ([chapter 1](01_low_rank_update.ipynb)), its quiet
# start ([chapter 2](02_quiet_start.ipynb)), and its scale ([chapter 3](03_scale.ipynb)).

# %%
import statistics

from lora_course import RankExperiment, adapt, adapter_state, choose_rank, count_trainable
from lora_course import estimate_model_memory, evaluate, fit, rank_sweep
from lora_course.chapters.ch04_rank_selection import experiment, explorer, figure
from lora_course.chapters.ch04_rank_selection import questions as ch04
from lora_course.compare.run import print_runs, run_in_process
from lora_course.compare.rates import at_rate, best_rates
from lora_course.compare.rows import mean_scores
from lora_course.core.peft_twin import train_with_both
from lora_course.core.rates import at_best_rates
from lora_course.core.results import print_comparison, summarize
from lora_course.display.claims import claim
from lora_course.display.plots import rank_curve
from lora_course.memory import count_parameters, lora_config
from lora_course.tasks.matching import MatchingTask, comparison_task

# %% [markdown]
# ## What the rank controls
#
# The rank caps the directions in which $\Delta W$ can move a layer. Too few, and it cannot express the
# change you want (*underfitting*); too many cost memory, and can fit the noise of a small data set.
#
# **Question (a).** Count what trains in all layers. `layer_dim` is $d$ for a square matrix, or a pair
# `[d_out, d_in]`. Stuck? In a new cell:
# `ch04.lora_params.hint()`, `ch04.lora_params.hint(2)`, `ch04.lora_params.solution()`.


# %% tags=["exercise", "nbval-check-output"] question="lora_params"
def estimate_lora_params(layer_dim, rank, num_layers=32):
    """Trainable LoRA parameters: one adapted matrix in each of num_layers layers."""
    # solution
    d_out, d_in = (layer_dim, layer_dim) if isinstance(layer_dim, int) else layer_dim
    return num_layers * rank * (d_out + d_in)
    # blank
    # return ...
    # end


ch04.lora_params.check(estimate_lora_params)

# %% [markdown]
# ## What a rank costs
#
# Adapter, gradients and optimizer state all grow linearly with $r$. The rest of training hardly
# knows $r$: frozen weights, and activations kept for the backward pass. Move the controls.
# When does the rank matter? (Try nf4, $r = 256$, 256 tokens.)

# %%
explorer.rank_explorer()

# %% [markdown]
# A common sketch: $2rd$ parameters a layer, 4 bytes of optimizer state each. For Llama-3.1-8B at
# $r = 16$ on all linear layers it goes wrong three times: one square matrix a layer, one of Adam's two
# fp32 moments, and nothing else in memory.

# %% tags=["nbval-check-output"]
right, r64 = (estimate_model_memory("Llama-3.1-8B", rank=rank) for rank in (16, 64))
counted, sketch = count_parameters("Llama-3.1-8B", lora_config(16)).trainable, 2 * 16 * 4096 * 32
print(f"parameters: sketch {sketch:,}, PEFT {counted:,}")  # counting takes 4 seconds
claim("PEFT counts as many as r·(d_out + d_in)", counted, equals=right["lora_params"])
claim("the sketch is over 10 times too small", right["optimizer_mb"] / (4 * sketch / 1e6), above=10)
claim("rank 64 takes at most 10% more", r64["total_mb"] / right["total_mb"], below=1.10)

# %% [markdown]
# PEFT's maintainers [saw much the same](https://github.com/huggingface/peft/tree/main/method_comparison)
# on Llama-3.2-3B: from $r = 32$ to 64, 1.2% more memory, about 3% more time, a score within noise.
#
# **Question (b).** MB ($10^6$ bytes) of adapter, gradients and optimizer state (AdamW), when all are
# stored in `bytes_per_value` bytes: 4 in PEFT by default, even on a bf16 base.


# %% tags=["exercise", "nbval-check-output"] question="adapter_memory"
def adapter_memory(lora_params, bytes_per_value=4):
    """A dict with adapter_mb, gradients_mb and optimizer_mb."""
    # solution
    one_copy = lora_params * bytes_per_value / 1e6
    return {"adapter_mb": one_copy, "gradients_mb": one_copy, "optimizer_mb": 2 * one_copy}
    # blank
    # return ...
    # end


ch04.adapter_memory.check(adapter_memory)

# %% [markdown]
# ## A task whose true rank is known
#
# Do two items $x_1, x_2$ match? (Chapter 3 trained on this task.) The truth is $x_1^\top (W + D)\, x_2 > 0$; the model knows $W$, and $D$
# has rank 8. The nearest update of rank $r$ keeps $D$'s leading singular directions (Eckart–Young);
# its accuracy is a ceiling, to about a thousandth. Three seeds a rank (5 seconds): new examples,
# $A$ and order.

# %% tags=["nbval-check-output"]
task, ranks = MatchingTask(true_rank=8), (1, 2, 4, 8, 16, 32, 64)
planted = rank_sweep(task, ranks, seeds=range(3), mode="stacked", progress=False)
rows = {row.rank: row for row in summarize(planted)}
ceiling = dict(zip(ranks, task.ceilings(ranks)))
claim("rank 4 comes within 0.03 of its ceiling", ceiling[4] - rows[4].accuracy, below=0.03)
elbow, decline = rows[8].accuracy - rows[4].accuracy, rows[16].accuracy - rows[64].accuracy
claim("the true rank, 8, beats half of it by more than 0.1", elbow, above=0.1)
claim("64 is worse than 16 at this learning rate", decline, above=0.0)
rank_curve({"measured": list(rows.values())}, ceiling)

# %%
explorer.planted_rank_explorer()  # move the true rank: the elbow follows, after a few seconds

# %% [markdown]
# ## Real text: at which learning rate?
#
# Small ranks often suffice: for GPT-3 on MultiNLI, [LoRA's authors](https://arxiv.org/abs/2106.09685)
# reported 91.3, 91.4, 91.3, 91.6 and 91.4 at $r$ = 1, 2, 4, 8 and 64 (±0.1). Larger ones pay where data
# hold much that is new: code and mathematics still gained at 256
# ([Biderman et al.](https://arxiv.org/abs/2405.09673)). "4–16 for classification, 32–64 for style"?
#
# One of each, with PEFT, on a model of a million parameters that has read only Python's documentation
# and comments: find typos; write code. Computed beforehand (`python -m lora_course.chapters.ch04_rank_selection.measure_curves`), three seeds,
# $\alpha = r$. Read one line of the left panel, then all.

# %% tags=["nbval-check-output"]
typos, style = experiment.load_curve("typos"), experiment.load_curve("style-shift")
rates, high = best_rates(typos), mean_scores(at_rate(typos, 0.004))
acc, loss = mean_scores(typos), mean_scores(style)  # each rank at its best rate
claim("typos: the best rate falls to a quarter, from rank 4 to 64", rates[4] / rates[64], above=3.9)
claim("at 0.004, rank 4 beats 64", high[4] - high[64], above=0.1)
claim("each at its best rate, 64 beats 4", acc[64] - acc[4], above=0.02)
first, second, third = loss[1] - loss[4], loss[4] - loss[16], loss[16] - loss[64]
claim("style: each step gains, but less", min(first - second, second - third, third), above=0.01)
figure.draw_curves({"typo detection": typos, "style shift": style})

# %% [markdown]
# At 0.002 typo detection peaks at rank 16, at 0.004 already at 4. With each rank at its best, it still
# gains at 64: one rate mixes two questions.
#
# **QLoRA** ([Dettmers et al.](https://arxiv.org/abs/2305.14314)) stores the frozen base in 4 bits and
# keeps the adapter in 16 or 32. Base precision and rank are two choices: one sizes what is frozen,
# the other what trains. A short style shift on both, live (15 seconds), and PEFT's layer beside ours:

# %%
fp32, nf4 = map(run_in_process, experiment.LIVE.values())
both = fp32 + nf4  # for each base and seed: rank 1, rank 16
print_runs({"fp32": fp32, "nf4": nf4})
gain = min(small.test_loss - large.test_loss for small, large in zip(both[::2], both[1::2]))
claim("rank 16 beats rank 1, whatever the seed and the base", gain, above=0.05)
lost = max(four.test_loss - full.test_loss for four, full in zip(nf4, fp32))
claim("4 bits cost less than that", lost, below=0.05)
course, peft = train_with_both(rank=8).values()
claim("PEFT's count is the same", course.trainable_params, equals=peft.trainable_params)
claim("with the same losses", (course.losses - peft.losses).abs().max().item(), below=1e-9)

# %% [markdown]
# Why did rank 64 want a smaller rate than 4? "$\alpha = r$ normalises the start", one reads. But the quiet
# start comes from $B = 0$, whatever $\alpha$; and with $\alpha = r$, the first steps reach farther the
# higher the rank ([chapter 3](03_scale.ipynb)). So: one rule a sweep (here `alpha = rank`), and more
# than one learning rate.
#
# ## From habit to decision
#
# "Start at 8 or 16, go up if it underfits" is a habit. A sweep over 4, 8, 16, 32 makes it a decision.
#
# **Question (c).** Write that sweep. Each run: `adapt` a fresh `task.model()` with `alpha = rank`, `fit`
# it on `task.train(seed)` (the history has `.seconds`), `evaluate` on `task.test()`. Pass `seed=seed` to
# `adapt` and `fit` too; leave the rest at its defaults. Checking trains: 5 seconds.


# %% tags=["exercise", "nbval-check-output"] question="rank_comparison"
def run_rank_comparison(layer_dim, ranks, num_layers=1, seeds=(0, 1, 2)):
    """One RankExperiment for every rank and seed, with measured accuracy and training time."""
    task = comparison_task(layer_dim, num_layers)
    # solution
    runs = []
    for seed in seeds:
        for rank in ranks:
            model = adapt(task.model(), rank, alpha=rank, seed=seed)
            history = fit(model, task.train(seed), seed=seed, progress=False)
            accuracy = evaluate(model, task.test())
            params = count_trainable(model)
            state = adapter_state(model)
            runs.append(RankExperiment(rank, rank, params, accuracy, history.seconds, seed, state))
    return runs
    # blank
    # # RankExperiment(rank, alpha, trainable_params, accuracy, training_time_seconds, seed, adapter)
    # return ...
    # end


ch04.rank_comparison.check(run_rank_comparison)

# %% [markdown]
# A sweep at one learning rate answers for that rate. So: four ranks, five seeds, six rates, all runs of
# a rate trained at once (10 seconds). Which rank would each rate alone choose?

# %%
noisy = comparison_task(layer_dim=64)  # planted rank 32; a tenth of the labels are wrong
rates = (0.0025, 0.005, 0.01, 0.02, 0.04, 0.08)
options = {"seeds": range(5), "mode": "stacked", "progress": False}
sweeps = {rate: rank_sweep(noisy, learning_rate=rate, **options) for rate in rates}
for rate, runs in sweeps.items():
    print(f"rate {rate:g}: rank {choose_rank(runs).rank}")
runs = at_best_rates(sweeps)  # of each rank those at the rate with its best mean
print_comparison(runs)

# %% [markdown]
# **Question (d).** Choose: the smallest rank that the best does not beat by more than one standard
# error. Seeds are paired, so take the differences seed by seed. `accuracies` has a row a rank, the
# smallest first, and a column a seed. With a single seed nobody can tell: return `"rank": None`.


# %% tags=["exercise", "nbval-check-output"] question="choice"
def choose_rank_by_hand(ranks, accuracies):
    """A dict: rank, best_rank, difference (best minus chosen, mean) and its standard_error."""
    # solution
    means = [statistics.fmean(row) for row in accuracies]
    best = means.index(max(means))
    if len(accuracies[0]) < 2:
        return {"rank": None}
    for rank, row in zip(ranks, accuracies):
        gaps = [b - a for a, b in zip(row, accuracies[best])]
        difference, error = statistics.fmean(gaps), statistics.stdev(gaps) / len(gaps) ** 0.5
        if difference <= error:
            break
    keys = ("rank", "best_rank", "difference", "standard_error")
    return dict(zip(keys, (rank, ranks[best], difference, error)))
    # blank
    # return ...
    # end


ch04.choice.check(choose_rank_by_hand)

# %% tags=["nbval-check-output"]
low, high, best = map(experiment.accuracies, (sweeps[0.0025], sweeps[0.08], runs))
claim("at the lowest rate, rank 32 beats 4", low[32] - low[4], above=0.03)
claim("at the highest, rank 4 beats 32", high[4] - high[32], above=0.01)
apart = max(best.values()) - min(best.values())
claim("each at its best rate, all four are within 0.01", apart, below=0.01)
decision = choose_rank(runs)
claim("the defended rank is below the planted one, 32", decision.rank, below=32)

# %%
print(decision)
lines = {"rate 0.0025": sweeps[0.0025], "rate 0.08": sweeps[0.08], "each at its best": runs}
rank_curve({label: summarize(chosen) for label, chosen in lines.items()}, chosen=decision.rank)

# %% [markdown]
# In a sweep at one rate, the rate would have chosen the rank. (Here each rank's rate was picked on the
# pairs that judge it, which flatters all of them a little.)

# %% [markdown]
# ## Remember
#
# - $r$ caps the directions of change; data decide how many pay.
# - Rank moves the trained slice of memory, rarely the whole; tokens and base precision move the rest.
# - One alpha rule a sweep, each rank at its best learning rate, paired seeds, the smallest rank within
#   one standard error.
# - Your sweep is the evidence: `lora-course compare-ranks` runs it on your model and data.
#
# **Sources:** [LoRA](https://arxiv.org/abs/2106.09685) ·
# [QLoRA](https://arxiv.org/abs/2305.14314) ·
# [LoRA Learns Less and Forgets Less](https://arxiv.org/abs/2405.09673) ·
# [PEFT's method comparison](https://github.com/huggingface/peft/tree/main/method_comparison)
